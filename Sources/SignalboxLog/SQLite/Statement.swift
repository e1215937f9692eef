import CSQLite
import Wire

/// A prepared statement that is used again and again, on the thread of its connection.
final class Statement {
  private let statement: OpaquePointer
  /// Unowned: a connection owns some of its statements; whoever holds others holds the connection too.
  private unowned let database: Database

  init(_ sql: String, on database: Database) throws(SQLiteError) {
    var statement: OpaquePointer?
    let result = sqlite3_prepare_v3(
      database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard result == SQLITE_OK, let statement else {
      throw SQLiteError(code: result, handle: database.handle)
    }
    self.statement = statement
    self.database = database
  }

  deinit { sqlite3_finalize(statement) }

  // MARK: Binding, from 1

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }
  func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(statement, index, Int64(value)) }
  /// Offsets and hashes: the same 64 bits, as SQLite knows signed integers only.
  func bind(_ index: Int32, _ value: UInt64) {
    sqlite3_bind_int64(statement, index, Int64(bitPattern: value))
  }
  func bindNull(_ index: Int32) { sqlite3_bind_null(statement, index) }

  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { bindNull(index) }
  }

  func bind(_ index: Int32, _ text: String?) {
    guard var text else { return bindNull(index) }
    text.withUTF8 { bytes in
      _ = bytes.withMemoryRebound(to: CChar.self) {
        // An empty text has no address; it is not null.
        sb_sqlite3_bind_text_transient(statement, index, $0.baseAddress ?? Self.empty, Int32($0.count))
      }
    }
  }

  /// Bytes that are copied now.
  func bind(_ index: Int32, copying bytes: UnsafeRawBufferPointer) {
    sb_sqlite3_bind_blob_transient(statement, index, bytes.baseAddress ?? Self.noBytes, Int32(bytes.count))
  }

  /// Bytes that are copied now; nil is null.
  func bind(_ index: Int32, _ bytes: SharedBytes?) {
    guard let bytes else { return bindNull(index) }
    bind(index, copying: bytes.raw)
  }

  /// Bytes that are read when the statement runs; the caller keeps them alive until then.
  func bind(_ index: Int32, borrowing bytes: UnsafeRawBufferPointer) {
    sb_sqlite3_bind_blob_static(statement, index, bytes.baseAddress ?? Self.noBytes, UInt64(bytes.count))
  }

  /// Something to point at where there are no bytes; it is never read. Safe: immutable.
  private nonisolated(unsafe) static let empty = UnsafePointer(
    UnsafeMutablePointer<CChar>.allocate(capacity: 1))

  private static var noBytes: UnsafeRawPointer { UnsafeRawPointer(empty) }

  // MARK: Running

  /// Goes to the next row; false at the end. After an error the statement is ready for the next use.
  func step() throws(SQLiteError) -> Bool {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      sqlite3_reset(statement)
      return false
    case let code:
      let error = SQLiteError(code: code, handle: database.handle)
      sqlite3_reset(statement)
      throw error
    }
  }

  /// Runs a statement that answers nothing.
  func run() throws(SQLiteError) {
    while try step() {}
  }

  /// Ends a query before its last row; without it the read transaction would stay open.
  func reset() { sqlite3_reset(statement) }

  // MARK: Columns, from 0

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
  func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }

  /// A number of events; within bounds that sums of offsets keep also where the row is damaged.
  func count(_ column: Int32) -> UInt64 { UInt64(min(max(integer(column), 0), 1 << 26)) }

  /// An offset, likewise.
  func offset(_ column: Int32) -> UInt64 { UInt64(min(max(integer(column), 0), 1 << 62)) }

  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

  func text(_ column: Int32) -> String? {
    guard let start = sqlite3_column_text(statement, column) else { return nil }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// The bytes of a column; valid until the next step or reset.
  func blob(_ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(statement, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
  }
}

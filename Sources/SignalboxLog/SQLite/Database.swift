import CSQLite

/// One connection to a database file. It belongs to one thread at a time; its owner sees to that.
final class Database {
  let handle: OpaquePointer
  let path: String
  /// Prepared when they are first used: parsing them again would cost a small commit a tenth of its time.
  private var transaction: Transaction?

  /// Opens or creates the file. `busyMilliseconds` only matters against other processes (a backup, `sqlite3`):
  /// writers within the process take turns by a lock.
  init(path: String, readOnly: Bool = false, busyMilliseconds: Int32 = 2000) throws(SQLiteError) {
    self.path = path
    var handle: OpaquePointer?
    let mode = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    // NOMUTEX: a connection is confined to a thread, so its own lock would only cost.
    let result = sqlite3_open_v2(path, &handle, mode | SQLITE_OPEN_NOMUTEX, nil)
    guard result == SQLITE_OK, let handle else {
      let error = SQLiteError(code: result, handle: handle)
      sqlite3_close_v2(handle)
      throw error
    }
    self.handle = handle
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, busyMilliseconds)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that answer nothing.
  func execute(_ sql: String) throws(SQLiteError) {
    let result = sqlite3_exec(handle, sql, nil, nil, nil)
    guard result == SQLITE_OK else { throw SQLiteError(code: result, handle: handle) }
  }

  func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(sql, on: self) }

  /// The first column of the first row as an integer; nil when there is no row or it is null.
  func integer(_ sql: String) throws(SQLiteError) -> Int64? {
    let statement = try prepare(sql)
    guard try statement.step(), !statement.isNull(0) else { return nil }
    return statement.integer(0)
  }

  /// Rows that the last statement inserted, changed or deleted.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// Runs `body` as one write transaction, rolled back when it throws.
  func write<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
    try run(beginning: try statements().beginWrite, body)
  }

  /// Runs `body` on one unchanging state of the database. Keep it short: it holds back the checkpoint.
  func read<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
    try run(beginning: try statements().beginRead, body)
  }

  private func run<Result>(
    beginning: Statement, _ body: () throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result {
    try beginning.run()
    do {
      let result = try body()
      try statements().commit.run()
      return result
    } catch {
      // A full disk may have rolled it back already; then there is nothing to undo.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  private struct Transaction {
    let beginWrite, beginRead, commit: Statement
  }

  private func statements() throws(SQLiteError) -> Transaction {
    if let transaction { return transaction }
    let made = Transaction(
      beginWrite: try prepare("BEGIN IMMEDIATE"), beginRead: try prepare("BEGIN"),
      commit: try prepare("COMMIT"))
    transaction = made
    return made
  }
}

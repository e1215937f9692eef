import CSQLite

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What SQLite answered instead of success.
struct SQLiteError: Error, CustomStringConvertible {
  /// The extended result code (https://www.sqlite.org/rescode.html).
  let code: Int32
  let message: String
  /// `errno` of the call that failed below SQLite; 0: none.
  let systemError: Int32

  init(code: Int32, handle: OpaquePointer?) {
    self.code = code
    message = String(cString: handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    systemError = handle.map { sqlite3_system_errno($0) } ?? 0
  }

  /// Bytes that were read make no sense.
  init(damaged what: String) {
    code = SQLITE_CORRUPT
    message = what
    systemError = 0
  }

  /// There is no room left on the disk (or under the page limit).
  var isFull: Bool { code & 0xFF == SQLITE_FULL || (code & 0xFF == SQLITE_IOERR && systemError == ENOSPC) }

  /// The file is no SQLite database or is damaged.
  var isDamage: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }

  var description: String { "\(message) (SQLite \(code))" }
}

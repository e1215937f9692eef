import CSQLite

/// Reads parts of the `bytes` of sealed segments, without loading the rest (sqlite3_blob_open).
final class BlobReader {
  private let database: Database
  private var handle: OpaquePointer?

  init(_ database: Database) { self.database = database }

  deinit { close() }

  /// Turns to the segment with that first offset.
  func open(segment: UInt64) throws(SQLiteError) {
    close()
    let result = sqlite3_blob_open(
      database.handle, "main", "segment", "bytes", Int64(bitPattern: segment), 0, &handle)
    guard result == SQLITE_OK else {
      let error = SQLiteError(code: result, handle: database.handle)
      close()
      throw error
    }
  }

  /// Copies `target.count` bytes from `offset`.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(SQLiteError) {
    let result = sqlite3_blob_read(handle, target.baseAddress, Int32(target.count), Int32(offset))
    guard result == SQLITE_OK else { throw SQLiteError(code: result, handle: database.handle) }
  }

  /// Lets go of the segment, and so of the read transaction.
  func close() {
    sqlite3_blob_close(handle)
    handle = nil
  }
}

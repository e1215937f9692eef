import CSQLite
import Wire

/// Moves the write-ahead log into the database, on its own thread: an automatic checkpoint would stall the
/// commit that happens to trigger it.
///
/// `@unchecked Sendable`: made on the opening thread, then used on its own thread only.
final class Checkpointer: @unchecked Sendable {
  private let core: LogCore
  private let database: Database
  /// Pages in the write-ahead log from which on a checkpoint is worth its while.
  fileprivate static let threshold: Int32 = 1000

  init(core: LogCore, database: Database) {
    self.core = core
    self.database = database
  }

  func run() {
    while true {
      let isStopping = core.checkpoint.wait { calls -> Bool? in
        if calls.isStopping { return true }
        guard calls.pages >= Int(Self.threshold) else { return nil }
        calls.pages = 0
        return false
      }
      checkpoint()
      if isStopping { return }
    }
  }

  /// A passive checkpoint under load never lets the log start over, because the writer is always a little ahead.
  /// So most is done beside the writer, and the small rest while it waits.
  private func checkpoint() {
    do {
      // A connection that has never read would do nothing, silently.
      _ = try database.integer("SELECT count(*) FROM epoch")
      try passive()
      try core.turn.with { () throws(SQLiteError) in try passive() }
      core.metrics.with { $0.checkpoints += 1 }
    } catch {
      core.notify(.upkeepFailed, "a checkpoint failed and is tried again: \(error)")
    }
  }

  private func passive() throws(SQLiteError) {
    let result = sqlite3_wal_checkpoint_v2(database.handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    // Busy: a reader holds it back; the next one goes further.
    guard result == SQLITE_OK || result & 0xFF == SQLITE_BUSY else {
      throw SQLiteError(code: result, handle: database.handle)
    }
  }
}

extension LogCore {
  /// Wakes the checkpointer when this connection's commits have made the write-ahead log long enough.
  func watchWAL(of database: Database) {
    // Unretained: whoever owns the connection keeps the core alive.
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_wal_hook(
      database.handle,
      { context, _, _, pages in
        // Called at every commit: waking the checkpointer for nothing would cost more than the commit.
        guard let context, pages >= Checkpointer.threshold else { return SQLITE_OK }
        Unmanaged<LogCore>.fromOpaque(context).takeUnretainedValue().checkpoint.signal {
          $0.pages = Int(pages)
        }
        return SQLITE_OK
      }, context)
  }
}

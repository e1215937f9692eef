import CSQLite
import Signalbox
import Wire

/// Moves the write-ahead log into the database, on its own thread: an automatic checkpoint would stall the
/// commit that happens to trigger it.
///
/// `@unchecked Sendable`: made on the opening thread, then used on its own thread only.
final class Checkpointer: @unchecked Sendable {
  private let core: LogCore
  private let database: Database
  /// Pages of the write-ahead log between two checkpoints, 16 MiB: rows of spans lie anywhere, and the longer the log,
  /// the more often a page is in it that is then written once.
  fileprivate static let step = 4000
  /// Where the disk is slow, the writer is made to wait only when the log has grown to this: 64 MiB.
  private static let longest = 16_000
  /// A first part that took longer than this says that the disk is slow, nanoseconds.
  private static let slow: UInt64 = 20_000_000

  init(core: LogCore, database: Database) {
    self.core = core
    self.database = database
    core.checkpoint.with { $0.due = Self.step }
  }

  func run() {
    while true {
      let (pages, isStopping) = core.checkpoint.wait { calls -> (Int, Bool)? in
        guard calls.isStopping || calls.pages >= calls.due else { return nil }
        return (calls.pages, calls.isStopping)
      }
      checkpoint(pages: pages)
      if isStopping { return }
    }
  }

  /// A passive checkpoint under load never lets the log start over, because the writer is always a little ahead.
  /// So most is done beside the writer, and the small rest while it waits; but it waits for the disk then, so on
  /// a slow one that is done rarely.
  private func checkpoint(pages: Int) {
    do {
      // A connection that has never read would do nothing, silently.
      _ = try database.integer("SELECT count(*) FROM epoch")
      let start = SystemTime.monotonic
      try passive()
      if SystemTime.monotonic - start < Self.slow || pages >= Self.longest {
        try core.turn.with { () throws(SQLiteError) in try passive() }
      }
      core.metrics.with { $0.checkpoints += 1 }
    } catch {
      core.notify(.upkeepFailed, "a checkpoint failed and is tried again: \(error)")
    }
    core.checkpoint.with { $0.due = $0.pages + Self.step }
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
        guard let context else { return SQLITE_OK }
        Unmanaged<LogCore>.fromOpaque(context).takeUnretainedValue().noteWAL(pages: Int(pages))
        return SQLITE_OK
      }, context)
  }

  /// Called at every commit: waking the checkpointer for nothing would cost more than the commit.
  private func noteWAL(pages: Int) {
    let isDue = checkpoint.with { calls in
      // Fewer than before: the log has started over.
      if pages < calls.pages { calls.due = Checkpointer.step }
      calls.pages = pages
      return pages >= calls.due
    }
    if isDue { checkpoint.broadcast { _ in } }
  }
}

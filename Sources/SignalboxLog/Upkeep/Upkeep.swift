import Signalbox
import Synchronization
import Wire

/// The thread that keeps the log in order beside the writer: seals and merges, trims, asks for lost spans, and
/// probes a disk that was full.
///
/// `@unchecked Sendable`: made on the opening thread, then used on its own thread only.
final class Upkeep: @unchecked Sendable {
  private let core: LogCore
  private let sealer: Sealer
  private let trimmer: Trimmer
  private let database: Database
  private var hasReserve = false
  private var lastRound: UInt64 = 0

  /// Free bytes within the database that make it worth going on without a reserve.
  private static let enoughInside: Int64 = 16 << 20

  init(core: LogCore, database: Database) throws(SQLiteError) {
    self.core = core
    self.database = database
    sealer = try Sealer(core: core, database: database)
    trimmer = try Trimmer(core: core, database: database)
    core.watchWAL(of: database)
  }

  func run() {
    while true {
      let calls = core.upkeep.wait(milliseconds: 1000) { calls -> UpkeepCalls? in
        guard calls.shouldSeal || calls.shouldProbe || calls.isStopping || calls.requested > calls.finished
        else { return nil }
        defer { (calls.shouldSeal, calls.shouldProbe) = (false, false) }
        return calls
      }
      if let calls, calls.isStopping { return }
      let isRequested = calls.map { $0.requested > $0.finished } ?? false
      work(full: isRequested || SystemTime.monotonic - lastRound > core.options.upkeepInterval)
      if let calls { core.upkeep.broadcast { $0.finished = max($0.finished, calls.requested) } }
    }
  }

  private func work(full: Bool) {
    do {
      if core.isUnavailable.load(ordering: .acquiring) {
        // Damage does not heal: only the next opening helps.
        guard !core.isDamaged.load(ordering: .relaxed) else { return }
        try trimmer.trim()
        if try probe() { core.inbox.put(.resume) }
        return
      }
      if !hasReserve { hasReserve = core.files.takeReserve(core.options.reserveBytes) }
      while !isStopping, try sealer.sealNext() {}
      if full {
        lastRound = SystemTime.monotonic
        try trimmer.trim()
        core.inbox.put(.reap)
      }
    } catch {
      failed(error)
    }
  }

  private var isStopping: Bool { core.upkeep.with { $0.isStopping } }

  private func failed(_ error: SQLiteError) {
    if core.isUnavailable.load(ordering: .acquiring) { return }
    if error.isFull || error.isDamage {
      hasReserve = false
      core.becomeUnavailable(error)
    } else {
      core.notify(.upkeepFailed, "upkeep of the log failed and is tried again: \(error)")
    }
  }

  /// Whether there is room again: for the reserve, or in the database itself where trimming made it, and for a
  /// transaction of some size beside it.
  private func probe() throws(SQLiteError) -> Bool {
    hasReserve = core.files.takeReserve(core.options.reserveBytes)
    let free = try database.integer("PRAGMA freelist_count") ?? 0
    let pageSize = try database.integer("PRAGMA page_size") ?? 4096
    guard hasReserve || free * pageSize > Self.enoughInside else { return false }
    do {
      try core.turn.with { () throws(SQLiteError) in
        try database.write { () throws(SQLiteError) in
          try database.execute("INSERT OR REPLACE INTO meta(key, value) VALUES ('probe', zeroblob(262144))")
        }
        try database.write { () throws(SQLiteError) in
          try database.execute("DELETE FROM meta WHERE key = 'probe'")
        }
      }
      return true
    } catch let error where error.isFull {
      core.files.releaseReserve()
      hasReserve = false
      return false
    }
  }
}

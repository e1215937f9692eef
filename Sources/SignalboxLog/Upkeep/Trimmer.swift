import Synchronization
import Wire

/// Takes away what is older or more than is to be kept: whole segments, then the spans that ended in them, in
/// small slices so that no commit waits long.
final class Trimmer {
  private let core: LogCore
  private let database: Database
  private let oldest: Statement
  private let deleteSegment: Statement
  private let deleteMember: Statement
  private let oldestTail: Statement
  private let deleteTail: Statement
  private let saveMark: Statement
  private let deleteSpans: Statement
  private let deleteIDs: Statement
  private let deleteProducers: Statement

  private static let slice = 256
  /// How long a producer's numbers are known where events are kept without end, nanoseconds: 30 days.
  private static let producerMemory: Int64 = 30 * 86_400 * 1_000_000_000

  init(core: LogCore, database: Database) throws(SQLiteError) {
    self.core = core
    self.database = database
    oldest = try database.prepare(
      "SELECT first_offset, count, received, members FROM segment ORDER BY first_offset LIMIT 1")
    deleteSegment = try database.prepare("DELETE FROM segment WHERE first_offset = ?1")
    deleteMember = try database.prepare("DELETE FROM member WHERE key = ?1 AND segment = ?2")
    oldestTail = try database.prepare(
      "SELECT first_offset, count, received FROM tail WHERE first_offset >= ?1 ORDER BY first_offset LIMIT 1")
    deleteTail = try database.prepare("DELETE FROM tail WHERE first_offset = ?1")
    saveMark = try database.prepare(
      "INSERT OR REPLACE INTO meta(key, value) VALUES ('first_retained', ?1)")
    deleteSpans = try database.prepare(
      """
      DELETE FROM span WHERE key IN
      (SELECT key FROM span WHERE status <> 0 AND last_offset < ?1 ORDER BY last_offset LIMIT ?2)
      """)
    deleteIDs = try database.prepare("DELETE FROM recent_id WHERE first_offset < ?1")
    deleteProducers = try database.prepare("DELETE FROM producer WHERE seen < ?1")
  }

  func trim() throws(SQLiteError) {
    let before = core.firstRetained.load(ordering: .acquiring)
    while try trimSegment() {}
    while try trimCommit() {}
    let first = core.firstRetained.load(ordering: .acquiring)
    if first > before {
      repeat {
        try change { () throws(SQLiteError) in
          deleteSpans.bind(1, first)
          deleteSpans.bind(2, Self.slice)
          try deleteSpans.run()
        }
      } while database.changes == Self.slice
    }
    try change { () throws(SQLiteError) in
      deleteIDs.bind(1, core.idFloor.load(ordering: .relaxed))
      try deleteIDs.run()
      let memory =
        cutoff(days: core.options.retainDays) ?? core.options.now().nanoseconds - Self.producerMemory
      deleteProducers.bind(1, memory)
      try deleteProducers.run()
    }
  }

  /// Deletes the oldest segment where it is too old or there is too much; whether it did.
  private func trimSegment() throws(SQLiteError) -> Bool {
    guard try oldest.step() else { return false }
    let (start, end) = (oldest.offset(0), oldest.offset(0) + oldest.count(1))
    let received = oldest.integer(2)
    var keys: [UInt64] = []
    var reader = ByteReader(oldest.blob(3))
    while let key = reader.littleEndian() { keys.append(key) }
    oldest.reset()
    guard isOld(received) ? true : try isTooMuch() else { return false }
    // From now on readers know that this part is gone, also while it is going.
    core.firstRetained.store(end, ordering: .releasing)
    try change { () throws(SQLiteError) in
      deleteSegment.bind(1, start)
      try deleteSegment.run()
      saveMark.bind(1, end)
      try saveMark.run()
    }
    var at = 0
    while at < keys.count {
      let slice = keys[at..<min(at + Self.slice, keys.count)]
      try change { () throws(SQLiteError) in
        for key in slice {
          deleteMember.bind(1, key)
          deleteMember.bind(2, start)
          try deleteMember.run()
        }
      }
      at += slice.count
    }
    core.metrics.with { $0.trimmedEvents += end - start }
    return true
  }

  /// The same for commits that are not sealed yet, by age alone: a log that few write to holds nothing else.
  private func trimCommit() throws(SQLiteError) -> Bool {
    guard core.firstRetained.load(ordering: .acquiring) >= core.sealedUpTo.load(ordering: .acquiring) else {
      return false
    }
    oldestTail.bind(1, core.firstRetained.load(ordering: .acquiring))
    guard try oldestTail.step() else { return false }
    let (start, end) = (oldestTail.offset(0), oldestTail.offset(0) + oldestTail.count(1))
    let received = oldestTail.integer(2)
    oldestTail.reset()
    guard isOld(received) else { return false }
    core.firstRetained.store(end, ordering: .releasing)
    core.sealedUpTo.store(end, ordering: .releasing)
    try change { () throws(SQLiteError) in
      deleteTail.bind(1, start)
      try deleteTail.run()
      saveMark.bind(1, end)
      try saveMark.run()
    }
    core.tail.drop(before: end)
    core.metrics.with { $0.trimmedEvents += end - start }
    return true
  }

  private func isOld(_ received: Int64) -> Bool {
    cutoff(days: core.options.retainDays).map { received < $0 } ?? false
  }

  private func cutoff(days: Double?) -> Int64? {
    days.map { core.options.now().nanoseconds - Int64($0 * 86_400 * 1_000_000_000) }
  }

  private func isTooMuch() throws(SQLiteError) -> Bool {
    guard let limit = core.options.retainBytes else { return false }
    let pages = try database.integer("PRAGMA page_count") ?? 0
    let free = try database.integer("PRAGMA freelist_count") ?? 0
    return (pages - free) * (try database.integer("PRAGMA page_size") ?? 4096) > limit
  }

  private func change(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
    try core.turn.with { () throws(SQLiteError) in try database.write(body) }
  }
}

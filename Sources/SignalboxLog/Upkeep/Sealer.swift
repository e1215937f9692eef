import Synchronization
import Wire

/// Merges commits of the tail into sealed segments. The work is done beside the writer; only the statements that
/// change the database take their turn with it, in small slices.
final class Sealer {
  private let core: LogCore
  private let database: Database
  private let builder: SegmentBuilder
  private let codec = BlockCodec()
  private let tailRows: Statement
  private let insertMember: Statement
  private let insertType: Statement
  private let insertSegment: Statement
  private let deleteTail: Statement
  private var knownTypes: Set<String> = []
  private var courtesy = Courtesy()

  /// Rows written or deleted in one turn.
  private static let slice = 128

  init(core: LogCore, database: Database) throws(SQLiteError) {
    self.core = core
    self.database = database
    builder = SegmentBuilder(codec: codec, blockBytes: core.options.blockBytes)
    tailRows = try database.prepare("\(TailRow.query) WHERE first_offset >= ?1 ORDER BY first_offset")
    insertMember = try database.prepare(
      "INSERT OR REPLACE INTO member(key, segment, blocks) VALUES (?1, ?2, ?3)")
    insertType = try database.prepare("INSERT OR IGNORE INTO type(name) VALUES (?1)")
    insertSegment = try database.prepare(
      """
      INSERT INTO segment(first_offset, count, received, size, directory, members, bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """)
    deleteTail = try database.prepare(
      """
      DELETE FROM tail WHERE first_offset IN
      (SELECT first_offset FROM tail WHERE first_offset < ?1 ORDER BY first_offset LIMIT ?2)
      """)
    // What an opening before did not come to.
    try deleteSealedTail(before: core.sealedUpTo.load(ordering: .acquiring))
  }

  /// Seals one segment when enough events wait; false when they do not.
  func sealNext() throws(SQLiteError) -> Bool {
    guard let commits = try nextCommits() else { return false }
    let waiting = core.tip.load(ordering: .relaxed) - core.sealedUpTo.load(ordering: .relaxed)
    courtesy.isShown = waiting < UInt64(core.options.segmentEvents * 4)
    let end = commits[commits.count - 1].endOffset
    // Commits of which nothing could be read are left out for good: their events are a gap.
    let segment = build(commits)
    if let segment {
      try write(segment, received: commits.reduce(0) { max($0, $1.received) }, end: end)
    }
    core.sealedUpTo.store(end, ordering: .releasing)
    core.tail.drop(before: end)
    try deleteSealedTail(before: end)
    core.metrics.with { metrics in
      metrics.sealedSegments += 1
      metrics.sealedEvents += UInt64(segment?.count ?? 0)
    }
    return true
  }

  /// The segment of these commits; nil when they hold no events.
  private func build(_ commits: [Source]) -> SegmentBuilder.Segment? {
    // One run of slots, so that the builder can point at them instead of moving them about.
    var slots: [EventSlot] = []
    slots.reserveCapacity(commits.reduce(0) { $0 + $1.batch.count })
    for commit in commits { slots += commit.batch.slots }
    guard !slots.isEmpty else { return nil }
    return slots.withUnsafeBufferPointer { slots in
      var items: [SegmentBuilder.Item] = []
      items.reserveCapacity(slots.count)
      for commit in commits {
        let bytes = commit.batch.bytes.raw
        for index in 0..<commit.batch.count {
          items.append(
            .init(
              offset: commit.firstOffset + UInt64(index), slot: slots.baseAddress! + items.count, bytes: bytes
            ))
        }
      }
      return withExtendedLifetime(commits) { builder.build(items) { courtesy.pieceDone(of: 1) } }
    }
  }

  private struct Source {
    let firstOffset: UInt64
    let endOffset: UInt64
    let received: Int64
    let batch: EventBatch
  }

  /// The commits of the next segment: from the cache where it goes back far enough, else from their rows.
  private func nextCommits() throws(SQLiteError) -> [Source]? {
    let start = core.sealedUpTo.load(ordering: .acquiring)
    let limit = core.savedUpTo.load(ordering: .acquiring)
    guard limit > start else { return nil }
    let cached = core.tail.entries
    if let first = cached.first, first.committed.firstOffset <= start {
      var sources: [Source] = []
      var size = Size()
      for entry in cached where entry.committed.endOffset > start {
        let committed = entry.committed
        guard committed.endOffset <= limit else { return nil }
        sources.append(
          Source(
            firstOffset: committed.firstOffset, endOffset: committed.endOffset, received: entry.received,
            batch: committed.batch))
        if size.reaches(core.options, adding: committed.batch) { return sources }
      }
      return nil
    }
    return try storedCommits(from: start, limit: limit)
  }

  private func storedCommits(from start: UInt64, limit: UInt64) throws(SQLiteError) -> [Source]? {
    guard limit - start >= UInt64(core.options.segmentEvents) else { return nil }
    tailRows.bind(1, start)
    defer { tailRows.reset() }
    var sources: [Source] = []
    var size = Size()
    while try tailRows.step() {
      let row = TailRow(tailRows)
      guard row.endOffset <= limit else { return nil }
      let batch = row.decode(codec) ?? EventBatch(bytes: SharedBytes([]), slots: [])
      sources.append(
        Source(
          firstOffset: row.firstOffset, endOffset: row.endOffset, received: row.received, batch: batch))
      if size.reaches(core.options, adding: batch) { return sources }
    }
    return nil
  }

  private struct Size {
    var events = 0
    var bytes = 0

    mutating func reaches(_ options: LogOptions, adding batch: EventBatch) -> Bool {
      events += batch.count
      bytes += batch.bytes.count
      return events >= options.segmentEvents || bytes >= options.segmentBytes
    }
  }

  /// Membership first: until the segment's row is there, nobody reads it. What is cut short is written again.
  private func write(_ segment: SegmentBuilder.Segment, received: Int64, end: UInt64) throws(SQLiteError) {
    let members = segment.members.sorted { $0.key < $1.key }
    var at = 0
    while at < members.count {
      let slice = members[at..<min(at + Self.slice, members.count)]
      try change { () throws(SQLiteError) in
        for (key, blocks) in slice {
          insertMember.bind(1, key)
          insertMember.bind(2, segment.firstOffset)
          insertMember.bind(3, blocks)
          try insertMember.run()
          courtesy.pieceDone(of: 16)
        }
      }
      at += slice.count
    }
    let newTypes = segment.types.subtracting(knownTypes)
    let directory = segment.directory.encoded
    var keys = ByteWriter(capacity: members.count * 8)
    for member in members { keys.append(littleEndian: member.key) }
    try change { () throws(SQLiteError) in
      for type in newTypes {
        insertType.bind(1, type)
        try insertType.run()
      }
      insertSegment.bind(1, segment.firstOffset)
      insertSegment.bind(2, Int64(end - segment.firstOffset))
      insertSegment.bind(3, received)
      insertSegment.bind(4, segment.size)
      insertSegment.bind(5, directory)
      insertSegment.bind(6, copying: keys.raw)
      insertSegment.bind(7, borrowing: segment.bytes.raw)
      try insertSegment.run()
    }
    knownTypes.formUnion(newTypes)
  }

  private func deleteSealedTail(before offset: UInt64) throws(SQLiteError) {
    repeat {
      try change { () throws(SQLiteError) in
        deleteTail.bind(1, offset)
        deleteTail.bind(2, Self.slice)
        try deleteTail.run()
      }
    } while database.changes == Self.slice
  }

  private func change(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
    try core.turn.with { () throws(SQLiteError) in try database.write(body) }
  }
}

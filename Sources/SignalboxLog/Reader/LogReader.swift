import Synchronization
package import Wire

/// Reads the log: pages of events behind an offset, the last events of a session, spans and traces.
///
/// Reads block, so they belong on a thread for readers, never on a loop. A read transaction covers one segment.
///
/// `@unchecked Sendable`: it may move between threads, but its owner uses it on one at a time.
package final class LogReader: @unchecked Sendable {
  let core: LogCore
  let database: Database
  let finder: SegmentFinder
  let segments: SegmentReader
  let codec = BlockCodec()
  let tailRows: Statement
  let tailRowsBackwards: Statement
  let spanQueries: SpanQueries

  init(_ core: LogCore) throws(SQLiteError) {
    self.core = core
    database = try Database(path: core.files.database)
    try database.execute("PRAGMA query_only = ON; PRAGMA cache_size = -4000;")
    finder = try SegmentFinder(database)
    segments = try SegmentReader(database, core: core)
    spanQueries = try SpanQueries(database)
    tailRows = try database.prepare(
      "\(TailRow.query) WHERE first_offset + count > ?1 AND first_offset >= ?2 ORDER BY first_offset LIMIT 1")
    tailRowsBackwards = try database.prepare(
      "\(TailRow.query) WHERE first_offset < ?1 AND first_offset >= ?2 ORDER BY first_offset DESC LIMIT 1")
  }

  /// The events after `offset` and before `end` (at most the tip) that match, until one of the limits is met;
  /// one event is given however long it is.
  package func events(
    after offset: UInt64, upTo end: UInt64 = .max, filter: EventFilter = EventFilter(),
    limit: Int = 1000, bytes: Int = 4 << 20
  ) throws(LogError) -> LogPage {
    do {
      var read = ForwardRead(
        next: offset + 1, end: min(end, core.tip.load(ordering: .acquiring)), matcher: EventMatcher(filter),
        page: PageBuilder(maxEvents: limit, maxBytes: bytes))
      read.skipTrimmed(core.firstRetained.load(ordering: .acquiring))
      // The cache first: what is sealed while we read is then found in the database.
      let cached = core.tail.entries
      let stored = min(read.end, cached.first?.committed.firstOffset ?? read.end)
      if read.next < stored {
        let plan = try finder.plan(for: filter, hash: core.hash)
        while read.next < stored, !read.page.isFull {
          try database.read { () throws(SQLiteError) in try step(&read, plan, upTo: stored) }
        }
      }
      read.take(cached, keys: tailKeys(filter))
      return read.finish()
    } catch {
      throw unreadable(error)
    }
  }

  /// Reads the next segment or commit that may match, or goes on to `end`.
  private func step(_ read: inout ForwardRead, _ plan: ReadPlan, upTo end: UInt64) throws(SQLiteError) {
    let sealedEnd = try finder.sealedEnd() ?? 0
    if read.next < sealedEnd {
      guard let candidate = try finder.next(plan, from: read.next), candidate.firstOffset < end else {
        read.next = min(sealedEnd, end)
        return
      }
      guard let segment = try segments.read(candidate) else {
        // Its membership is there, its row is not: trimmed just now.
        read.skipTrimmed(max(core.firstRetained.load(ordering: .acquiring), candidate.firstOffset + 1))
        return
      }
      guard segment.endOffset > read.next else {
        // No segment holds what comes next, though later ones are there: rows are gone.
        let following = min(try finder.following(read.next) ?? sealedEnd, end)
        read.page.addGap(read.next..<max(following, read.next + 1), .damaged)
        read.next = max(following, read.next + 1)
        return
      }
      if segment.isDamaged {
        read.page.addGap(max(read.next, segment.firstOffset)..<segment.endOffset, .damaged)
      }
      return read.take(segment)
    }
    tailRows.bind(1, read.next)
    tailRows.bind(2, sealedEnd)
    defer { tailRows.reset() }
    guard try tailRows.step() else {
      read.page.addGap(read.next..<end, .damaged)
      read.next = end
      return
    }
    let row = TailRow(tailRows)
    if row.firstOffset > read.next { read.page.addGap(read.next..<row.firstOffset, .damaged) }
    guard let batch = row.decode(codec) else {
      read.page.addGap(max(read.next, row.firstOffset)..<row.endOffset, .damaged)
      read.next = row.endOffset
      return
    }
    read.take(batch, from: row.firstOffset)
  }

  /// Keys of which a commit in the cache must have all; what has no key there is not asked.
  func tailKeys(_ filter: EventFilter) -> [UInt64] {
    let named: [(MemberKind, String?)] = [
      (.span, filter.span), (.trace, filter.trace), (.session, filter.session), (.chain, filter.chain),
      (.request, filter.request),
    ]
    return named.compactMap { kind, value in value.map(kind.key) }
  }

  func unreadable(_ error: SQLiteError) -> LogError {
    LogError(code: .database, message: "the log in \(core.files.directory) cannot be read: \(error)")
  }
}

/// A forward read on its way.
struct ForwardRead: ~Copyable {
  /// The offset to look at next.
  var next: UInt64
  let end: UInt64
  let matcher: EventMatcher
  var page: PageBuilder

  mutating func skipTrimmed(_ firstRetained: UInt64) {
    guard next < firstRetained else { return }
    page.addGap(next..<min(firstRetained, max(end, next)), .trimmed)
    next = firstRetained
  }

  /// Takes what matches of a sealed segment, and goes on behind it or behind the last that fitted.
  mutating func take(_ segment: SegmentReader.Decoded) {
    var at = segment.events.partitionIndex { $0.offset >= next }
    var scanner = EventRunScanner()
    while at < segment.events.count {
      let event = segment.events[at]
      guard event.offset < end, !page.isFull else {
        next = event.offset
        return
      }
      let block = segment.blocks[Int(event.block)]
      if let slot = segment.slot(event, &scanner) {
        if matcher.matches(slot, in: block.raw) { page.append(slot, from: block.raw, offset: event.offset) }
      } else {
        page.addGap(event.offset..<event.offset + 1, .damaged)
      }
      at += 1
    }
    next = min(end, segment.endOffset)
  }

  /// Takes what matches of a commit.
  mutating func take(_ batch: EventBatch, from firstOffset: UInt64) {
    let bytes = batch.bytes.raw
    var index = Int(max(next, firstOffset) - firstOffset)
    while index < batch.count {
      let offset = firstOffset + UInt64(index)
      guard offset < end, !page.isFull else {
        next = offset
        return
      }
      if matcher.matches(batch.slots[index], in: bytes) {
        page.append(batch.slots[index], from: bytes, offset: offset)
      }
      index += 1
    }
    next = min(end, firstOffset + UInt64(batch.count))
  }

  /// Goes through the cached commits, over those that cannot match.
  mutating func take(_ cached: [TailCache.Entry], keys: [UInt64]) {
    let first = cached.partitionIndex { $0.committed.endOffset > next }
    for entry in cached[first...] {
      guard next < end, !page.isFull else { return }
      if keys.allSatisfy({ entry.keys.containsSorted($0) }) {
        take(entry.committed.batch, from: entry.committed.firstOffset)
      } else {
        next = min(end, entry.committed.endOffset)
      }
    }
  }

  consuming func finish() -> LogPage {
    let scannedTo = next - 1
    return page.finish(scannedTo: scannedTo)
  }
}

extension Array {
  /// The index of the first element that satisfies `isBehind`, where all after it do too.
  func partitionIndex(_ isBehind: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

import Synchronization
package import Wire

/// Reading backwards: the newest events first, handed out in order.
extension LogReader {
  /// The last events that match before `end` (at most the tip), in order; `scannedTo` is the offset of the first
  /// of them less one, so the page before this one ends at `scannedTo + 1`.
  package func lastEvents(
    before end: UInt64 = .max, filter: EventFilter, limit: Int
  ) throws(LogError) -> LogPage {
    do {
      var read = BackwardRead(
        end: min(end, core.tip.load(ordering: .acquiring)),
        start: core.firstRetained.load(ordering: .acquiring), matcher: EventMatcher(filter), limit: limit)
      let cached = core.tail.entries
      read.take(cached, keys: tailKeys(filter))
      if !read.isDone {
        let plan = try finder.plan(for: filter, hash: core.hash)
        while !read.isDone {
          try database.read { () throws(SQLiteError) in try stepBack(&read, plan) }
        }
      }
      return read.finish()
    } catch {
      throw unreadable(error)
    }
  }

  /// The last events of a session.
  package func lastEvents(session: String, limit: Int) throws(LogError) -> LogPage {
    var filter = EventFilter()
    filter.session = session
    return try lastEvents(filter: filter, limit: limit)
  }

  private func stepBack(_ read: inout BackwardRead, _ plan: ReadPlan) throws(SQLiteError) {
    let sealedEnd = try finder.sealedEnd() ?? 0
    if read.end > sealedEnd {
      tailRowsBackwards.bind(1, read.end)
      tailRowsBackwards.bind(2, sealedEnd)
      defer { tailRowsBackwards.reset() }
      guard try tailRowsBackwards.step() else {
        read.end = max(sealedEnd, read.start)
        return
      }
      let row = TailRow(tailRowsBackwards)
      guard let batch = row.decode(codec) else {
        read.addGap(row.firstOffset..<min(row.endOffset, read.end))
        return
      }
      return read.take(batch, from: row.firstOffset)
    }
    guard let candidate = try finder.previous(plan, before: read.end),
      let segment = try segments.read(candidate)
    else {
      read.end = read.start
      return
    }
    let before = read.end
    if segment.isDamaged { read.addGap(segment.firstOffset..<min(segment.endOffset, before)) }
    read.take(segment, before: before)
  }
}

/// A backward read on its way: events are collected newest first.
private struct BackwardRead {
  /// Everything from here on was looked at.
  var end: UInt64
  let start: UInt64
  let matcher: EventMatcher
  let limit: Int
  private var found: [(offset: UInt64, slot: EventSlot, bytes: SharedBytes)] = []
  private var gaps: [LogPage.Gap] = []

  init(end: UInt64, start: UInt64, matcher: EventMatcher, limit: Int) {
    self.end = end
    self.start = start
    self.matcher = matcher
    self.limit = max(limit, 1)
  }

  var isDone: Bool { found.count >= limit || end <= start }

  mutating func addGap(_ range: Range<UInt64>) {
    if !range.isEmpty { gaps.append(.init(offsets: range, reason: .damaged)) }
    end = min(end, range.lowerBound)
  }

  mutating func take(_ cached: [TailCache.Entry], keys: [UInt64]) {
    for entry in cached.reversed() where entry.committed.firstOffset < end {
      if isDone { return }
      if keys.allSatisfy({ entry.keys.containsSorted($0) }) {
        take(entry.committed.batch, from: entry.committed.firstOffset)
      } else {
        end = entry.committed.firstOffset
      }
    }
  }

  mutating func take(_ batch: EventBatch, from firstOffset: UInt64) {
    var index = batch.count
    while index > 0, !isDone {
      index -= 1
      let offset = firstOffset + UInt64(index)
      if offset < end { take(batch.slots[index], batch.bytes, offset) }
    }
    if !isDone { end = min(end, firstOffset) }
  }

  /// Takes what matches of a segment, where it lies before `before`.
  mutating func take(_ segment: SegmentReader.Decoded, before: UInt64) {
    var index = segment.events.count
    var scanner = EventRunScanner()
    while index > 0, !isDone {
      index -= 1
      let event = segment.events[index]
      guard event.offset < before, let slot = segment.slot(event, &scanner) else { continue }
      take(slot, segment.blocks[Int(event.block)], event.offset)
    }
    if !isDone { end = min(end, segment.firstOffset) }
  }

  private mutating func take(_ slot: EventSlot, _ bytes: SharedBytes, _ offset: UInt64) {
    guard offset >= start, matcher.matches(slot, in: bytes.raw) else { return }
    found.append((offset, slot, bytes))
  }

  consuming func finish() -> LogPage {
    var page = PageBuilder(maxEvents: .max, maxBytes: .max)
    for gap in gaps { page.addGap(gap.offsets, gap.reason) }
    for event in found.reversed() { page.append(event.slot, from: event.bytes.raw, offset: event.offset) }
    let first = found.count >= limit ? found[found.count - 1].offset : max(start, 1)
    return page.finish(scannedTo: first - 1)
  }
}

internal import SignalboxLog
internal import Wire

/// The last commits, kept in memory, so that a viewer can come to the tail without a gap and without the disk.
///
/// Bounded in bytes; the oldest commit goes first. The bytes themselves are shared with the log and the other
/// loops.
struct RecentEvents {
  private let limit: Int
  private var batches: [CommittedBatch] = []
  private var first = 0
  private(set) var bytes = 0

  init(limit: Int = 4 << 20) { self.limit = limit }

  /// The first offset that is held; nil when nothing is.
  var start: UInt64? { first < batches.count ? batches[first].firstOffset : nil }

  mutating func append(_ batch: CommittedBatch) {
    batches.append(batch)
    bytes += batch.bytes.count
    while bytes > limit, first < batches.count - 1 {
      bytes -= batches[first].bytes.count
      first += 1
    }
    // The array is closed up now and then, so that removal costs nothing on average.
    if first > 64, first * 2 > batches.count {
      batches.removeFirst(first)
      first = 0
    }
  }

  /// Frames the events from `from` on that match, up to about `limit` bytes; nil when `from` is not held.
  func page(
    from: UInt64, to: UInt64, matcher: EventMatcher, format: EventFormat, view: EventView = .full, limit: Int,
    _ framer: EventFramer
  ) -> LivePage? {
    guard let start, from >= start else { return nil }
    var writer = ByteWriter(capacity: 4096)
    var next = from
    var count: UInt64 = 0
    var at = index(of: from)
    while at < batches.count, next < to, writer.count < limit {
      let batch = batches[at]
      var place = Int(next - batch.firstOffset)
      while place < batch.slots.count, next < to, writer.count < limit {
        let slot = batch.slots[place]
        if matcher.isEmpty || matcher.matches(slot, in: batch.bytes.raw) {
          let position = Position(epoch: batch.epoch, offset: next)
          if framer.append(slot, in: batch.bytes.raw, at: position, as: format, view: view, to: &writer) {
            count += 1
          }
        }
        place += 1
        next += 1
      }
      at += 1
    }
    var page = LivePage(bytes: writer.count > 0 ? SharedBytes(taking: writer) : nil, next: next)
    page.count = count
    return page
  }

  /// The commit that holds an offset: commits follow each other without a gap.
  private func index(of offset: UInt64) -> Int {
    var low = first
    var high = batches.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if batches[middle].firstOffset <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

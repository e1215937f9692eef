import Wire

/// Which numbers of a gapless series were seen: all below `next`, and some ranges behind it.
///
/// At most `maxRanges` ranges are kept; when more gaps open, the oldest counts as filled, so numbers that would
/// still come for it are taken for duplicates.
struct RangeSet: Equatable {
  /// Every number below was seen.
  private(set) var next: Int64 = 0
  /// What was seen behind `next`: ascending, apart from each other.
  private(set) var later: [Range<Int64>] = []

  static let maxRanges = 256

  /// The number behind the last that was seen.
  var end: Int64 { later.last?.upperBound ?? next }

  func contains(_ range: Range<Int64>) -> Bool {
    if range.upperBound <= next { return true }
    guard !later.isEmpty else { return false }
    let rest = max(range.lowerBound, next)..<range.upperBound
    return later.contains { $0.lowerBound <= rest.lowerBound && rest.upperBound <= $0.upperBound }
  }

  mutating func insert(_ range: Range<Int64>) {
    if later.isEmpty, range.lowerBound <= next {
      next = max(next, range.upperBound)
      return
    }
    insertLater(range)
  }

  private mutating func insertLater(_ range: Range<Int64>) {
    guard range.upperBound > next else { return }
    var merged = max(range.lowerBound, next)..<range.upperBound
    let first = later.firstIndex { $0.upperBound >= merged.lowerBound } ?? later.endIndex
    var end = first
    while end < later.endIndex, later[end].lowerBound <= merged.upperBound {
      merged = min(merged.lowerBound, later[end].lowerBound)..<max(merged.upperBound, later[end].upperBound)
      end += 1
    }
    later.replaceSubrange(first..<end, with: [merged])
    if later.count > Self.maxRanges { next = later[0].lowerBound }
    if let lowest = later.first, lowest.lowerBound <= next {
      next = max(next, lowest.upperBound)
      later.removeFirst()
    }
  }

  // MARK: In a row

  init() {}

  /// What `next` and `encodedLater` were; damaged bytes lose the ranges only.
  init(next: Int64, later bytes: UnsafeRawBufferPointer) {
    self.next = next
    var reader = ByteReader(bytes)
    var at = next
    while let gap = reader.varint(), let length = reader.varint() {
      let start = at &+ Int64(truncatingIfNeeded: gap)
      let end = start &+ Int64(truncatingIfNeeded: length)
      guard start >= at, end > start else { return }
      later.append(start..<end)
      at = end
    }
  }

  /// The ranges behind `next` as distances; nil when there are none.
  var encodedLater: SharedBytes? {
    guard !later.isEmpty else { return nil }
    var writer = ByteWriter(capacity: later.count * 4)
    var at = next
    for range in later {
      writer.append(varint: UInt64(range.lowerBound - at))
      writer.append(varint: UInt64(range.upperBound - range.lowerBound))
      at = range.upperBound
    }
    return SharedBytes(taking: writer)
  }
}

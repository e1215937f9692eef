/// Durations by size, in bounded memory: quantiles are exact to about 3 %.
///
/// Buckets are powers of two of microseconds, each in 16 equal parts, up to about 70 minutes; memory is 4 bytes a
/// bucket up to the largest one that is used, at most 2 KiB.
public struct LatencyHistogram: Sendable, Hashable {
  private static let parts: UInt64 = 16
  private static let largest: UInt64 = 1 << 32 - 1

  private var buckets: [UInt32] = []
  /// How many durations.
  public private(set) var count = 0
  /// Milliseconds of the shortest and the longest; 0 when there is none.
  public private(set) var minimumMS = 0.0
  public private(set) var maximumMS = 0.0
  private var sum = 0.0

  public init() {}

  /// Milliseconds on average; nil when there is none.
  public var meanMS: Double? { count > 0 ? sum / Double(count) : nil }

  /// Adds a duration; a negative one, from a clock that was set back, counts as 0.
  public mutating func record(milliseconds: Double) {
    guard !milliseconds.isNaN else { return }
    let length = max(0, milliseconds)
    minimumMS = count == 0 ? length : min(minimumMS, length)
    maximumMS = max(maximumMS, length)
    sum += length
    count += 1
    let place = Self.place(UInt64(min(length * 1000, Double(Self.largest))))
    if place >= buckets.count { buckets += repeatElement(0, count: place + 1 - buckets.count) }
    buckets[place] &+= 1
  }

  /// Milliseconds that a share of the durations do not exceed, such as 0.5 or 0.99; nil when there is none.
  public func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let wanted = max(1, (min(max(share, 0), 1) * Double(count)).rounded(.up))
    var seen = 0.0
    for (place, number) in buckets.enumerated() {
      seen += Double(number)
      if seen >= wanted { return min(max(Self.middle(place) / 1000, minimumMS), maximumMS) }
    }
    return maximumMS
  }

  /// Adds all durations of another.
  public mutating func merge(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    minimumMS = count == 0 ? other.minimumMS : min(minimumMS, other.minimumMS)
    maximumMS = max(maximumMS, other.maximumMS)
    sum += other.sum
    count += other.count
    if other.buckets.count > buckets.count {
      buckets += repeatElement(0, count: other.buckets.count - buckets.count)
    }
    for (place, number) in other.buckets.enumerated() { buckets[place] &+= number }
  }

  /// Below 16 µs every microsecond has a bucket.
  private static func place(_ microseconds: UInt64) -> Int {
    guard microseconds >= parts else { return Int(microseconds) }
    let shift = UInt64(63 - microseconds.leadingZeroBitCount - 4)
    return Int(shift * parts + microseconds >> shift)
  }

  private static func middle(_ place: Int) -> Double {
    let place = UInt64(place)
    guard place >= parts else { return Double(place) }
    let shift = place / parts - 1
    let low = (place - shift * parts) << shift
    return Double(low) + Double((UInt64(1) << shift) - 1) / 2
  }
}

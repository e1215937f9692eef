/// How often something may be done: so often a second on average, and a burst beyond that.
package struct Rate: Equatable, Sendable {
  /// A second.
  package var perSecond: Double
  /// At once, after a rest.
  package var burst: Double

  package init(perSecond: Double, burst: Double) {
    self.perSecond = perSecond
    self.burst = max(burst, 1)
  }

  /// Reads `50` (burst twice that) or `50:200`; `0` is no limit, an empty optional inside.
  package static func parse(_ text: String) -> Rate?? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let rate = Double(parts[0]), rate.isFinite, 0...1e9 ~= rate else { return nil }
    if rate == 0 { return parts.count == 1 ? .some(nil) : nil }
    guard parts.count == 2 else { return Rate(perSecond: rate, burst: (rate * 2).rounded(.up)) }
    guard let burst = Double(parts[1]), burst.isFinite, 1...1e9 ~= burst else { return nil }
    return Rate(perSecond: rate, burst: burst)
  }
}

/// A token bucket for each of a bounded number of holders.
///
/// When the table is full, buckets that are full again are forgotten, for they say nothing; where none is, whoever is
/// new shares one bucket with all others who are. So a flood of addresses costs a fixed amount of memory, and nobody
/// who was known before loses a place. Pure: time comes in as nanoseconds of a clock that only goes forward.
package struct TokenBuckets<Holder: Hashable & Sendable>: Sendable {
  private struct Bucket {
    var level: Double
    var time: UInt64
  }

  private let rate: Rate
  private let capacity: Int
  private var buckets: [Holder: Bucket] = [:]
  private var shared: Bucket?
  private var nextSweep: UInt64 = 0

  /// - Parameter capacity: most holders that are told apart; 16 384.
  package init(_ rate: Rate, capacity: Int = 16_384) {
    self.rate = rate
    self.capacity = capacity
  }

  package var count: Int { buckets.count }

  /// Takes one; nil when there is one, else the nanoseconds until there is.
  package mutating func take(_ holder: Holder, at now: UInt64) -> UInt64? {
    if var bucket = buckets[holder] {
      defer { buckets[holder] = bucket }
      return take(&bucket, now)
    }
    if buckets.count >= capacity { sweep(now) }
    var bucket = Bucket(level: rate.burst, time: now)
    guard buckets.count < capacity else {
      bucket = shared ?? bucket
      defer { shared = bucket }
      return take(&bucket, now)
    }
    defer { buckets[holder] = bucket }
    return take(&bucket, now)
  }

  private func take(_ bucket: inout Bucket, _ now: UInt64) -> UInt64? {
    bucket.level = level(bucket, now)
    bucket.time = max(bucket.time, now)
    guard bucket.level < 1 else {
      bucket.level -= 1
      return nil
    }
    return UInt64(((1 - bucket.level) / rate.perSecond * 1e9).rounded(.up))
  }

  private func level(_ bucket: Bucket, _ now: UInt64) -> Double {
    guard now > bucket.time else { return bucket.level }
    return min(rate.burst, bucket.level + Double(now - bucket.time) / 1e9 * rate.perSecond)
  }

  /// At most once a second: a full table must not make every request a search through it.
  private mutating func sweep(_ now: UInt64) {
    guard now >= nextSweep else { return }
    nextSweep = now + 1_000_000_000
    buckets = buckets.filter { level($0.value, now) < rate.burst }
  }
}

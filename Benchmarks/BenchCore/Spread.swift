/// What the rounds of a measurement gave: the middle, with the lowest and the highest beside it.
public struct Spread: Equatable, Sendable {
  public var median: Double
  public var low: Double
  public var high: Double

  /// `nil` where nothing was measured.
  public init?(_ values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let low = sorted.first, let high = sorted.last else { return nil }
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    self.low = low
    self.high = high
  }

  public init(median: Double, low: Double, high: Double) {
    self.median = median
    self.low = low
    self.high = high
  }

  /// How far the rounds lie apart.
  public var width: Double { high - low }

  /// Ratios of what was measured in the same round; a round in which the other side did nothing has none.
  public static func ratios(_ ours: [Double], to theirs: [Double]) -> [Double] {
    zip(ours, theirs).compactMap { $1 > 0 ? $0 / $1 : nil }
  }

  /// The best of several contestants in each round that all of them took.
  public static func best(_ contestants: [[Double]]) -> [Double] {
    let rounds = contestants.map(\.count).min() ?? 0
    return (0..<rounds).map { round in contestants.map { $0[round] }.max() ?? 0 }
  }

  /// What lies between two measurements of a round, never below nothing.
  public static func added(_ through: [Double], over direct: [Double]) -> [Double] {
    zip(through, direct).map { max(0, $0 - $1) }
  }
}

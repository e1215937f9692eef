/// How long to wait between two attempts: exponential, with jitter. Pure: the random number comes in.
public struct Backoff: Sendable, Hashable {
  /// The wait after the first failure. Default 0.5 s.
  public var base: Duration
  /// What each further failure multiplies it by. Default 2.
  public var factor: Double
  /// No wait is longer than that. Default 30 s.
  public var longest: Duration
  /// What a wait is multiplied by at random, so that many who failed together do not come back together.
  /// Default 0.9 … 1.1.
  public var jitter: ClosedRange<Double>

  public init(
    base: Duration = .milliseconds(500), factor: Double = 2, longest: Duration = .seconds(30),
    jitter: ClosedRange<Double> = 0.9...1.1
  ) {
    self.base = base
    self.factor = factor
    self.longest = longest
    self.jitter = jitter
  }

  /// The wait after so many failures in a row (from 1); `random` is a number from 0 to 1.
  public func wait(afterFailures failures: Int, random: Double) -> Duration {
    var wait = Double(base.nanoseconds)
    let longest = Double(longest.nanoseconds)
    for _ in 1..<max(failures, 1) where wait < longest { wait *= max(factor, 1) }
    let spread = jitter.lowerBound + (jitter.upperBound - jitter.lowerBound) * min(max(random, 0), 1)
    // The longest wait is jittered too, but never made longer.
    return .nanoseconds(Int64(min(max(min(wait, longest) * spread, 0), longest)))
  }
}

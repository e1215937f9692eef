/// When to try again: exponential backoff with jitter, and a circuit breaker. Pure: time comes in as
/// nanoseconds of any clock that goes forward.
struct RetrySchedule {
  /// The first wait; doubled after each failure.
  static let firstWait: Int64 = 200_000_000
  static let longestWait: Int64 = 30_000_000_000
  /// A server may ask for more patience than that, but not for ever.
  static let longestRetryAfter: Int64 = 300_000_000_000
  /// Failures in a row that open the breaker.
  static let failuresToOpen = 3
  /// How long it stays open; then one attempt decides.
  static let openTime: Int64 = 30_000_000_000

  enum State: Equatable { case closed, open, halfOpen }

  private(set) var failures = 0
  private(set) var state = State.closed

  mutating func succeeded() {
    failures = 0
    state = .closed
  }

  /// Notes a failure and returns how long to wait. `jitter` is a random number from 0 to 1; `retryAfter` is
  /// what the server asked for.
  mutating func failed(jitter: Double, retryAfter: Int64? = nil) -> Int64 {
    failures += 1
    var wait = min(Self.firstWait << min(failures - 1, 10), Self.longestWait)
    // From a half to the whole: many producers must not come back at once.
    wait = Int64(Double(wait) * (0.5 + jitter / 2))
    if failures >= Self.failuresToOpen {
      state = .open
      wait = Self.openTime
    }
    return max(wait, min(retryAfter ?? 0, Self.longestRetryAfter))
  }

  /// The wait is over: an open breaker lets one attempt through.
  mutating func waited() {
    if state == .open { state = .halfOpen }
  }
}

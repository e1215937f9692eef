import Signalbox

/// When an exporter tries again: it never gives up, but once its server seems to be down it only looks now and
/// then. Pure: time comes in as nanoseconds of a clock that only goes forward.
struct RetrySchedule {
  /// From a half to the whole: many producers must not come back at once.
  static let backoff = Backoff(base: .milliseconds(200), jitter: 0.5...1)
  static let policy = CircuitBreaker.Policy(
    failures: 3, window: nil, longestOpen: .seconds(30), trials: 1, successes: 1)
  /// A server may ask for more patience than that, but not for ever.
  static let longestRetryAfter = Duration.seconds(300)

  private(set) var breaker = CircuitBreaker(policy)
  private var failures = 0

  /// Asks to make an attempt; while the breaker is open, how long to wait before asking again.
  mutating func begin(at now: Int64) -> CircuitBreaker.Admission { breaker.admit(at: now) }

  /// The server answered.
  mutating func succeeded(_ permit: CircuitBreaker.Permit, at now: Int64) {
    failures = 0
    breaker.record(.success, of: permit, at: now)
  }

  /// The attempt was given up before it showed anything.
  mutating func abandoned(_ permit: CircuitBreaker.Permit, at now: Int64) {
    breaker.record(.nothing, of: permit, at: now)
  }

  /// Notes a failure and returns how long to wait. `random` is a number from 0 to 1; `retryAfter` is what the
  /// server asked for.
  mutating func failed(
    _ permit: CircuitBreaker.Permit, at now: Int64, random: Double, retryAfter: Duration? = nil
  ) -> Duration {
    failures += 1
    breaker.record(.failure, of: permit, at: now)
    var wait = Self.backoff.wait(afterFailures: failures, random: random)
    if case .open(let until) = breaker.state { wait = max(wait, .nanoseconds(until - now)) }
    return max(wait, min(retryAfter ?? .zero, Self.longestRetryAfter))
  }
}

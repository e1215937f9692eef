internal import Signalbox

/// Decides, for one call, what follows a failed attempt.
///
/// Pure: times are nanoseconds of a clock that only goes forward, and the random number comes in.
public struct RetryState: Sendable {
  /// What to do after a failure.
  public enum Decision: Sendable, Hashable {
    /// Send the request again after that long.
    case retry(after: Duration)
    case giveUp(Reason)
  }

  /// Why there is no further attempt.
  public enum Reason: Sendable, Hashable {
    /// The same request would fail again.
    case notRetryable
    case attemptsUsed
    /// The next attempt could not begin before the deadline.
    case deadline
    /// Text was delivered, and the policy does not restart.
    case textDelivered
    /// The circuit breaker of the upstream is open: a wait would only hide that.
    case circuitOpen
    /// The provider asks for more patience than the policy has.
    case askedToWaitTooLong(Duration)
  }

  public let policy: RetryPolicy
  /// The attempt under way: 1, 2, ….
  public private(set) var attempt = 1
  private let end: Int64?

  /// The call begins.
  public init(_ policy: RetryPolicy, at now: Int64) {
    self.policy = policy
    end = policy.deadline.map { now.addingSaturated(Int64($0.nanoseconds)) }
  }

  /// How much time is left for the attempt under way; nil without a deadline.
  public func remaining(at now: Int64) -> Duration? {
    end.map { .nanoseconds(max(0, $0 - now)) }
  }

  /// Takes note of a failed attempt; after `retry`, the next one counts as under way.
  ///
  /// - Parameters:
  ///   - textDelivered: the caller has seen a piece of the reply.
  ///   - random: a number from 0 to 1.
  public mutating func decide(
    after failure: LLMError, textDelivered: Bool = false, at now: Int64, random: Double
  ) -> Decision {
    if failure.code == .circuitOpen { return .giveUp(.circuitOpen) }
    guard failure.isRetryable else { return .giveUp(.notRetryable) }
    if textDelivered, policy.afterText == .fail { return .giveUp(.textDelivered) }
    guard attempt < policy.attempts else { return .giveUp(.attemptsUsed) }
    var wait = policy.backoff.wait(afterFailures: attempt, random: random)
    if let asked = failure.retryAfter {
      guard asked <= policy.longestRetryAfter else { return .giveUp(.askedToWaitTooLong(asked)) }
      wait = max(wait, asked)
    }
    if let end, now.addingSaturated(Int64(wait.nanoseconds)) >= end { return .giveUp(.deadline) }
    attempt += 1
    return .retry(after: wait)
  }
}

extension Int64 {
  fileprivate func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

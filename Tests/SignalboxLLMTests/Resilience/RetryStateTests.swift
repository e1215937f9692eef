import Signalbox
import SignalboxLLM
import Testing

/// The decisions after a failed attempt; nothing sleeps.
struct RetryStateTests {
  private let busy = LLMError(.overloaded, "busy", status: 503, isRetryable: true)
  private let plain = RetryPolicy(backoff: Backoff(jitter: 1...1))

  @Test func threeAttemptsWithDoublingWaits() {
    var state = RetryState(plain, at: 0)
    #expect(state.decide(after: busy, at: 0, random: 0) == .retry(after: .milliseconds(500)))
    #expect(state.attempt == 2)
    #expect(state.decide(after: busy, at: 0, random: 0) == .retry(after: .seconds(1)))
    #expect(state.attempt == 3)
    #expect(state.decide(after: busy, at: 0, random: 0) == .giveUp(.attemptsUsed))
  }

  @Test func theWaitsAreJitteredByTenPercent() {
    for (random, wait) in [(0.0, 450), (1.0, 550)] {
      var state = RetryState(RetryPolicy(), at: 0)
      #expect(state.decide(after: busy, at: 0, random: random) == .retry(after: .milliseconds(wait)))
    }
  }

  @Test func whatWouldFailAgainIsNotTriedAgain() {
    var state = RetryState(plain, at: 0)
    let refused = LLMError(.invalidRequest, "no such model", status: 404)
    #expect(state.decide(after: refused, at: 0, random: 0) == .giveUp(.notRetryable))
    let open = LLMError(.circuitOpen, "left alone", isRetryable: true, retryAfter: .seconds(9))
    #expect(state.decide(after: open, at: 0, random: 0) == .giveUp(.circuitOpen))
  }

  @Test func aPolicyOfOneAttemptNeverTriesAgain() {
    var state = RetryState(.never, at: 0)
    #expect(state.decide(after: busy, at: 0, random: 0) == .giveUp(.attemptsUsed))
  }

  @Test func theProvidersWordOutweighsAShorterWait() {
    var asking = busy
    asking.retryAfter = .seconds(7)
    var state = RetryState(plain, at: 0)
    #expect(state.decide(after: asking, at: 0, random: 0) == .retry(after: .seconds(7)))
    asking.retryAfter = .milliseconds(1)
    #expect(state.decide(after: asking, at: 0, random: 0) == .retry(after: .seconds(1)))
  }

  @Test func tooMuchPatienceIsAFailure() {
    var asking = busy
    asking.retryAfter = .seconds(121)
    var state = RetryState(plain, at: 0)
    #expect(state.decide(after: asking, at: 0, random: 0) == .giveUp(.askedToWaitTooLong(.seconds(121))))
  }

  @Test func textThatWasDeliveredEndsTheCallUnlessItMayRestart() {
    let broken = LLMError(.incomplete, "cut", isRetryable: true)
    var state = RetryState(plain, at: 0)
    #expect(state.decide(after: broken, textDelivered: true, at: 0, random: 0) == .giveUp(.textDelivered))
    #expect(
      state.decide(after: broken, textDelivered: false, at: 0, random: 0) == .retry(after: .milliseconds(500))
    )
    var restarting = plain
    restarting.afterText = .restart
    state = RetryState(restarting, at: 0)
    #expect(
      state.decide(after: broken, textDelivered: true, at: 0, random: 0) == .retry(after: .milliseconds(500)))
  }

  @Test func noWaitIsBegunThatWouldPassTheDeadline() {
    var policy = plain
    policy.deadline = .seconds(10)
    var state = RetryState(policy, at: 5_000_000_000)
    #expect(state.remaining(at: 5_000_000_000) == .seconds(10))
    #expect(state.remaining(at: 14_000_000_000) == .seconds(1))
    #expect(state.remaining(at: 99_000_000_000) == .zero)
    #expect(state.decide(after: busy, at: 14_500_000_000, random: 0) == .giveUp(.deadline))
    #expect(state.decide(after: busy, at: 14_499_999_999, random: 0) == .retry(after: .milliseconds(500)))
    #expect(RetryState(plain, at: 0).remaining(at: 0) == nil)
  }
}

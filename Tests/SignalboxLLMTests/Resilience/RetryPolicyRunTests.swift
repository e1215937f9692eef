import Signalbox
import SignalboxLLM
import SignalboxTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RetryPolicyRunTests {
  private let clock = TestClock()
  private static let busy = LLMError(.overloaded, "busy", status: 529, isRetryable: true)

  private final class Log: Sendable {
    let attempts = Mutex<[RetryAttempt]>([])

    /// Notes an attempt; how many there were.
    func note(_ attempt: RetryAttempt) -> Int {
      attempts.withLock { attempts in
        attempts.append(attempt)
        return attempts.count
      }
    }
  }

  @Test func triesAgainAfterTheWaitWithTheSameKey() async throws {
    let log = Log()
    let clock = clock
    let policy = RetryPolicy(backoff: Backoff(jitter: 1...1))
    let call = Task {
      try await policy.run(clock: clock) { attempt throws(LLMError) in
        if log.note(attempt) < 3 { throw Self.busy }
        return "done"
      }
    }
    for wait in [500, 1000] {
      await clock.sleepers(1)
      clock.advance(by: .milliseconds(wait))
    }
    #expect(try await call.value == "done")
    let attempts = log.attempts.withLock { $0 }
    #expect(attempts.map(\.number) == [1, 2, 3])
    #expect(Set(attempts.map(\.idempotencyKey)).count == 1 && attempts[0].idempotencyKey.count == 32)
  }

  @Test func theLastErrorIsThrown() async throws {
    let log = Log()
    let policy = RetryPolicy(attempts: 2, backoff: Backoff(base: .zero))
    let seen = Mutex<[LLMError]>([])
    let note: @Sendable (LLMError, Duration) -> Void = { error, _ in seen.withLock { $0.append(error) } }
    let error = await #expect(throws: LLMError.self) {
      try await policy.run(onRetry: note) { attempt throws(LLMError) -> Int in
        var failure = Self.busy
        failure.message = "\(log.note(attempt))"
        throw failure
      }
    }
    #expect(error?.message == "2" && seen.withLock { $0.map(\.message) } == ["1"])
  }

  @Test func theDeadlineCutsAnAttemptThatHangs() async throws {
    let clock = clock
    var policy = RetryPolicy()
    policy.deadline = .seconds(20)
    let bounded = policy
    let call = Task {
      try await bounded.run(clock: clock) { attempt throws(LLMError) -> Int in
        #expect(attempt.remaining == .seconds(20))
        // Answers only when it is cancelled, as a transfer does.
        do { try await clock.sleep(for: .seconds(1_000_000)) } catch {}
        throw LLMError(.cancelled, "gone")
      }
    }
    await clock.sleepers(2)
    clock.advance(by: .seconds(20))
    let error = await #expect(throws: LLMError.self) { try await call.value }
    #expect(error?.code == .timeout && error?.isRetryable == false)
  }

  @Test func theDeadlineCountsTheWaits() async throws {
    let log = Log()
    let clock = clock
    let policy = RetryPolicy(
      attempts: 10, backoff: Backoff(base: .seconds(4), factor: 1, jitter: 1...1), deadline: .seconds(10))
    let (retries, retried) = AsyncStream.makeStream(of: Void.self)
    let note: @Sendable (LLMError, Duration) -> Void = { _, _ in retried.yield() }
    let call = Task {
      try await policy.run(clock: clock, onRetry: note) { attempt throws(LLMError) -> Int in
        _ = log.note(attempt)
        throw Self.busy
      }
    }
    var retry = retries.makeAsyncIterator()
    for _ in 0..<2 {
      // From then on only the wait sleeps, no longer the attempt's own deadline.
      await retry.next()
      await clock.sleepers(1)
      clock.advance(by: .seconds(4))
    }
    await #expect(throws: LLMError.self) { try await call.value }
    #expect(log.attempts.withLock { $0.map(\.remaining) } == [.seconds(10), .seconds(6), .seconds(2)])
  }

  @Test func cancellingEndsTheWait() async throws {
    let clock = clock
    let call = Task {
      try await RetryPolicy().run(clock: clock) { _ throws(LLMError) -> Int in throw Self.busy }
    }
    await clock.sleepers(1)
    call.cancel()
    let error = await #expect(throws: LLMError.self) { try await call.value }
    #expect(error?.code == .cancelled)
  }
}

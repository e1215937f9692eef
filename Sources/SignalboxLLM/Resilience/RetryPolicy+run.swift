public import Signalbox

extension RetryPolicy {
  /// Makes a call, and makes it again as the policy says, until it succeeds or is given up: then its last error is
  /// thrown.
  ///
  /// The deadline bounds everything: an attempt under way when it passes is cancelled, and a wait that would pass it
  /// is not begun.
  ///
  /// - Parameters:
  ///   - clock: measures time and waits.
  ///   - random: makes the waits' jitter, numbers from 0 to 1.
  ///   - onRetry: told of a failure that another attempt follows after the duration.
  ///   - call: makes one attempt; it should end soon when its task is cancelled.
  public func run<Value: Sendable>(
    clock: any EventClock = SystemEventClock(),
    random: @Sendable () -> Double = { .random(in: 0...1) },
    onRetry: (@Sendable (LLMError, Duration) -> Void)? = nil,
    _ call: @escaping @Sendable (RetryAttempt) async throws(LLMError) -> Value
  ) async throws(LLMError) -> Value {
    var state = RetryState(self, at: clock.steady())
    var generator = SystemRandomNumberGenerator()
    let key = (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    while true {
      let attempt = RetryAttempt(
        number: state.attempt, remaining: state.remaining(at: clock.steady()), idempotencyKey: key)
      do throws(LLMError) {
        return try await Self.bounded(attempt, by: clock, call)
      } catch {
        switch state.decide(after: error, at: clock.steady(), random: random()) {
        case .giveUp: throw error
        case .retry(let wait):
          onRetry?(error, wait)
          do { try await clock.sleep(for: wait) } catch {
            throw LLMError(.cancelled, "The call was cancelled while it waited to be tried again")
          }
        }
      }
    }
  }

  /// Makes one attempt, cancelled when its time is up.
  private static func bounded<Value: Sendable>(
    _ attempt: RetryAttempt, by clock: any EventClock,
    _ call: @escaping @Sendable (RetryAttempt) async throws(LLMError) -> Value
  ) async throws(LLMError) -> Value {
    guard let remaining = attempt.remaining else { return try await call(attempt) }
    let result = await withTaskGroup(of: Result<Value, LLMError>.self) { group in
      group.addTask {
        do throws(LLMError) { return .success(try await call(attempt)) } catch { return .failure(error) }
      }
      group.addTask {
        do { try await clock.sleep(for: remaining) } catch {
          return .failure(LLMError(.cancelled, "The call was cancelled"))
        }
        return .failure(LLMError(.timeout, "The call was not complete within its deadline"))
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? .failure(LLMError(.cancelled, "The call was cancelled"))
    }
    return try result.get()
  }
}

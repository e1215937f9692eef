public import Signalbox

/// A circuit breaker for each upstream, for calls from any task.
public final class CircuitBreakers: Sendable {
  /// A breaker changed its state.
  public struct Change: Sendable, Hashable {
    public var upstream: String
    public var state: CircuitBreaker.State
  }

  /// What a breaker is doing.
  public struct Status: Sendable, Hashable {
    public var state: CircuitBreaker.State
    /// Failures in a row.
    public var failures: Int
    /// How often it has opened.
    public var openings: UInt64
    /// Calls that were not sent because of it.
    public var refusals: UInt64
  }

  private struct Entry {
    var breaker: CircuitBreaker
    var lastUse: Int64
  }

  /// Upstreams at most; the one that was not called for longest is forgotten.
  private let capacity: Int
  private let policy: CircuitBreaker.Policy
  private let clock: any EventClock
  private let onChange: (@Sendable (Change) -> Void)?
  private let entries = Locked<[String: Entry]>([:])

  /// - Parameters:
  ///   - capacity: upstreams at most; beyond, the one that was not called for longest is forgotten.
  ///   - onChange: told of each change of state, on the task of the call that made it.
  public init(
    _ policy: CircuitBreaker.Policy = .init(), capacity: Int = 256,
    clock: any EventClock = SystemEventClock(),
    onChange: (@Sendable (Change) -> Void)? = nil
  ) {
    self.policy = policy
    self.capacity = max(capacity, 1)
    self.clock = clock
    self.onChange = onChange
  }

  /// Asks to call an upstream; throws `circuitOpen`, with the time to come back, when it is to be left alone.
  public func admit(_ upstream: String) throws(LLMError) -> CircuitPermit {
    switch change(upstream, { $0.admit(at: $1) }) {
    case .admitted(let permit): return CircuitPermit(permit, upstream: upstream, breakers: self)
    case .refused(let wait):
      throw LLMError(
        .circuitOpen, "\(upstream) failed too often; it is left alone for a while", isRetryable: true,
        retryAfter: wait)
    }
  }

  /// Makes a call to an upstream unless it is to be left alone, and takes note of what came of it.
  public nonisolated(nonsending) func run<Value>(
    _ upstream: String, _ call: () async throws(LLMError) -> Value
  ) async throws(LLMError) -> Value {
    let permit = try admit(upstream)
    do throws(LLMError) {
      let value = try await call()
      permit.succeeded()
      return value
    } catch {
      permit.failed(error)
      throw error
    }
  }

  /// What the breaker of an upstream is doing; nil when there was no call.
  public func status(of upstream: String) -> Status? {
    entries.withLock { $0[upstream]?.breaker }.map(Status.init)
  }

  /// What all breakers are doing.
  public var status: [String: Status] {
    entries.withLock { $0.mapValues(\.breaker) }.mapValues(Status.init)
  }

  func record(_ outcome: CircuitBreaker.Outcome, of permit: CircuitBreaker.Permit, upstream: String) {
    change(upstream) { $0.record(outcome, of: permit, at: $1) }
  }

  @discardableResult
  private func change<Result>(
    _ upstream: String, _ body: (inout CircuitBreaker, Int64) -> Result
  ) -> Result {
    let now = clock.steady()
    let (result, state) = entries.withLock { entries in
      if entries[upstream] == nil, entries.count >= capacity,
        let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        entries[oldest.key] = nil
      }
      var entry = entries[upstream] ?? Entry(breaker: CircuitBreaker(policy), lastUse: now)
      let before = entry.breaker.state
      let result = body(&entry.breaker, now)
      entry.lastUse = now
      entries[upstream] = entry
      return (result, entry.breaker.state == before ? nil : entry.breaker.state)
    }
    if let state { onChange?(Change(upstream: upstream, state: state)) }
    return result
  }
}

extension CircuitBreakers.Status {
  fileprivate init(_ breaker: CircuitBreaker) {
    self.init(
      state: breaker.state, failures: breaker.failuresInARow, openings: breaker.openings,
      refusals: breaker.refusals)
  }
}

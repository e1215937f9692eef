import Signalbox
import SignalboxLLM
import SignalboxTesting
import Synchronization
import Testing

struct CircuitBreakersTests {
  private let clock = TestClock()
  private static let down = LLMError(.unreachable, "no answer", isRetryable: true)

  private func fail(_ breakers: CircuitBreakers, _ upstream: String, times: Int = 5) throws {
    for _ in 0..<times { try breakers.admit(upstream).failed(Self.down) }
  }

  @Test func upstreamsDoNotDisturbEachOther() throws {
    let breakers = CircuitBreakers(clock: clock)
    try fail(breakers, "a")
    let error = #expect(throws: LLMError.self) { try breakers.admit("a") }
    #expect(error?.code == .circuitOpen && error?.retryAfter == .seconds(30) && error?.isRetryable == true)
    try breakers.admit("b").succeeded()
    #expect(breakers.status(of: "a")?.refusals == 1 && breakers.status(of: "a")?.openings == 1)
    #expect(
      breakers.status.mapValues(\.state) == [
        "a": .open(until: clock.steady() + 30_000_000_000), "b": .closed,
      ])
    #expect(breakers.status(of: "c") == nil)
  }

  @Test func itClosesAgainAndTellsEachChange() throws {
    let changes = Mutex<[CircuitBreakers.Change]>([])
    let breakers = CircuitBreakers(clock: clock) { change in changes.withLock { $0.append(change) } }
    try fail(breakers, "a")
    clock.advance(by: .seconds(30))
    for _ in 0..<2 { try breakers.admit("a").succeeded() }
    let states = changes.withLock { $0.map(\.state) }
    #expect(states.count == 3 && states[1] == .halfOpen && states[2] == .closed)
    #expect(changes.withLock { $0.allSatisfy { $0.upstream == "a" } })
  }

  @Test func errorsOfTheCallerDoNotCount() throws {
    let breakers = CircuitBreakers(clock: clock)
    for status in [400, 401, 403, 404, 409, 422, 429] {
      let code = FailureRules.verdict(status: status, providerCode: nil, format: .chat).code
      for _ in 0..<10 { try breakers.admit("a").failed(LLMError(code, "", status: status)) }
    }
    for code in [LLMError.Code.cancelled, .badJSON, .invalidRequest, .circuitOpen] {
      for _ in 0..<10 { try breakers.admit("a").failed(LLMError(code, "")) }
    }
    #expect(breakers.status(of: "a")?.state == .closed && breakers.status(of: "a")?.failures == 0)
  }

  @Test(arguments: [
    LLMError.Code.unreachable, .timeout, .incomplete, .overloaded, .providerFailed, .badReply,
  ])
  func errorsOfTheServerCount(_ code: LLMError.Code) throws {
    let breakers = CircuitBreakers(clock: clock)
    for _ in 0..<5 { try breakers.admit("a").failed(LLMError(code, "")) }
    #expect(breakers.status(of: "a")?.openings == 1)
  }

  @Test func aDroppedPermitFreesItsTrial() throws {
    let breakers = CircuitBreakers(clock: clock)
    try fail(breakers, "a")
    clock.advance(by: .seconds(30))
    for _ in 0..<10 { _ = try breakers.admit("a") }
    #expect(breakers.status(of: "a")?.state == .halfOpen)
  }

  @Test func aPermitReportsOnce() throws {
    let breakers = CircuitBreakers(clock: clock)
    let permit = try breakers.admit("a")
    for _ in 0..<10 { permit.failed(Self.down) }
    #expect(breakers.status(of: "a")?.failures == 1)
  }

  @Test func theUpstreamUnusedForLongestIsForgotten() throws {
    let breakers = CircuitBreakers(capacity: 2, clock: clock)
    for upstream in ["a", "b", "c"] {
      clock.advance(by: .seconds(1))
      try breakers.admit(upstream).succeeded()
    }
    #expect(Set(breakers.status.keys) == ["b", "c"])
  }

  @Test func aCallIsMadeAndNoted() async throws {
    let breakers = CircuitBreakers(.init(failures: 1), clock: clock)
    #expect(try await breakers.run("a") { () throws(LLMError) in 7 } == 7)
    await #expect(throws: LLMError.self) {
      try await breakers.run("a") { () throws(LLMError) in throw Self.down }
    }
    let error = await #expect(throws: LLMError.self) {
      try await breakers.run("a") { () throws(LLMError) in Issue.record("it was called") }
    }
    #expect(error?.code == .circuitOpen)
  }
}

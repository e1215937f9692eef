import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

/// The examples of `docs/resilience.md`, in their order, against a provider that is scripted.
@Suite(.timeLimit(.minutes(2)))
struct ResilienceDocumentTests {
  private func client(_ provider: ScriptedProvider) -> LLMClient {
    LLMClient(.openAI(key: "k", url: provider.url + "/v1"))
  }

  @Test func tryingAgain() async throws {
    let provider = try ScriptedProvider(.error(status: 503), .text("Good morning"))
    defer { provider.stop() }
    let client = client(provider)
    let clock = TestClock()

    let policy = RetryPolicy(attempts: 3, deadline: .seconds(60))
    let (waits, waited) = AsyncStream.makeStream(of: Duration.self)
    let call = Task {
      try await policy.run(clock: clock, random: { 0.5 }, onRetry: { _, wait in waited.yield(wait) }) {
        attempt throws(LLMError) in
        try await client.generate("Hello", model: "gpt-4o")
      }
    }
    var iterator = waits.makeAsyncIterator()
    #expect(await iterator.next() == .milliseconds(500))
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(500))
    #expect(try await call.value.text == "Good morning")
    #expect(provider.requests.count == 2)
  }

  @Test func theDecisionAlone() {
    let clock = SystemEventClock()
    let error = LLMError(.overloaded, "busy", isRetryable: true)
    var state = RetryState(RetryPolicy(), at: clock.steady())
    switch state.decide(after: error, textDelivered: false, at: clock.steady(), random: .random(in: 0...1)) {
    case .retry(let wait): #expect(450...550 ~= wait / .milliseconds(1) && state.attempt == 2)
    case .giveUp(let reason): Issue.record("\(reason)")
    }
  }

  @Test func circuitBreakers() async throws {
    let provider = try ScriptedProvider(.error(status: 500))
    defer { provider.stop() }
    let client = client(provider)

    let breakers = CircuitBreakers { change in print(change.upstream, change.state) }
    var isOpen = false
    for _ in 0..<6 {
      do {
        let reply = try await breakers.run("api.openai.com") { () throws(LLMError) in
          try await client.generate("Hello", model: "gpt-4o")
        }
        print(reply.text)
      } catch  where error.code == .circuitOpen {
        #expect(error.retryAfter ?? .zero > .seconds(29))
        isOpen = true
      } catch {
        #expect(error.code == .providerFailed)
      }
    }
    #expect(isOpen && provider.requests.count == 5)
    #expect(breakers.status(of: "api.openai.com")?.openings == 1)
  }
}

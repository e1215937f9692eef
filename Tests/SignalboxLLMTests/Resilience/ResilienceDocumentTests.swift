import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

/// The examples of `docs/resilience.md`, in their order, against a provider that is scripted.
@Suite(.timeLimit(.minutes(2)))
struct ResilienceDocumentTests {
  private let clock = TestClock()

  @Test func aClientTriesAgain() async throws {
    let provider = try ScriptedProvider(.error(status: 503), .text("Good morning"))
    defer { provider.stop() }

    var configuration = LLMClient.Configuration()
    configuration.retry = RetryPolicy(attempts: 5, deadline: .seconds(60))
    configuration.clock = clock
    let client = LLMClient(.openAI(key: "k", url: provider.url + "/v1"), configuration: configuration)

    let call = Task { try await client.generate("Hello", model: "gpt-4o") }
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(550))
    let reply = try await call.value
    #expect(reply.attempts == 2 && reply.text == "Good morning")
    #expect(provider.requests.count == 2)
  }

  private func lookUp(_ text: String, within time: Duration?) async throws(LLMError) -> [Double] { [0.1] }

  @Test func aCallOfYourOwn() async throws {
    let vector = try await RetryPolicy().run { attempt throws(LLMError) in
      try await lookUp("red shoes", within: attempt.remaining)
    }
    #expect(vector == [0.1])
  }

  @Test func theDecisionAlone() {
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

    let breakers = CircuitBreakers { change in print(change.upstream, change.state) }
    var configuration = LLMClient.Configuration()
    configuration.breakers = breakers
    configuration.retry = .never
    let client = LLMClient(.openAI(key: "k", url: provider.url + "/v1"), configuration: configuration)

    var isOpen = false
    for _ in 0..<6 {
      do {
        print(try await client.generate("Hello", model: "gpt-4o").text)
      } catch  where error.code == .circuitOpen {
        #expect(error.retryAfter ?? .zero > .seconds(20))
        isOpen = true
      } catch {
        #expect(error.code == .providerFailed)
      }
    }
    #expect(isOpen && provider.requests.count == 5)
    let status = try #require(breakers.status.first)
    #expect(status.key.hasPrefix("127.0.0.1:") && status.value.openings == 1 && status.value.refusals == 1)
  }
}

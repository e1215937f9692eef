import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// What the client does when an attempt fails.
@Suite(.timeLimit(.minutes(2)))
struct RetryTests {
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter
  let quick = RetryPolicy(backoff: Backoff(base: .zero))

  init() { emitter = Emitter([recorder]) }

  private func told() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  private func client(_ provider: ScriptedProvider, _ retry: RetryPolicy) -> LLMClient {
    var configuration = LLMClient.Configuration()
    configuration.retry = retry
    return LLMClient(
      .openAI(key: "k", url: provider.url + "/v1"), emitter: emitter, configuration: configuration,
      environment: ProcessEnvironment([:]))
  }

  @Test func aRefusalIsTriedAgainUnseen() async throws {
    let provider = try ScriptedProvider(.error(status: 503), .text("Good morning", chunks: 3))
    defer { provider.stop() }
    var types: [String] = []
    var reply: Reply?
    for await event in client(provider, quick).stream("Hi", model: "gpt-4o") {
      types.append(event.type)
      if case .complete(let complete) = event { reply = complete.reply }
    }
    #expect(types == ["llm.start", "llm.delta", "llm.delta", "llm.delta", "llm.usage", "llm.end"])
    #expect(reply?.text == "Good morning")
    #expect(reply?.attempts == 2)
    #expect(provider.requests.count == 2)
    // The same key in both, so that a proxy can tell that they are one.
    let keys = provider.requests.map { $0.header("idempotency-key") }
    #expect(keys[0] != nil && keys[0] == keys[1])
    let restart = await told().first { $0.type == "llm.restart" }
    #expect(restart?.data?["attempt"] == 1)
    #expect(restart?.data?["discard_from"] == 0)
    #expect(restart?.data?["code"] == "overloaded")
  }

  @Test func aStreamThatBreaksAfterTextFails() async throws {
    let provider = try ScriptedProvider(.text("Good morning", chunks: 3).with(.reset(afterBytes: 420)))
    defer { provider.stop() }
    let error = await #expect(throws: LLMError.self) {
      try await client(provider, quick).generate("Hi", model: "gpt-4o")
    }
    #expect(error?.code == .incomplete)
    #expect(error?.partial?.text.isEmpty == false)
    #expect(provider.requests.count == 1)
  }

  @Test func aStreamThatBreaksAfterTextIsBegunAgainWhereThatIsWanted() async throws {
    let provider = try ScriptedProvider(
      .text("Good morning", chunks: 3).with(.reset(afterBytes: 420)), .text("Good evening", chunks: 4))
    defer { provider.stop() }
    var policy = quick
    policy.afterText = .restart
    var events: [StreamEvent] = []
    for await event in client(provider, policy).stream("Hi", model: "gpt-4o") { events.append(event) }

    let deltas = events.compactMap { if case .delta(let delta) = $0 { delta } else { nil } }
    #expect(deltas.map(\.chunkIndex) == Array(0..<deltas.count))
    let place = try #require(events.firstIndex { $0.type == "llm.restart" })
    guard case .restart(let restart) = events[place], case .complete(let complete)? = events.last else {
      Issue.record("no restart or no end")
      return
    }
    #expect(restart.attempt == 1)
    #expect(restart.discardFrom == 0)
    #expect(restart.error.code == .incomplete)
    #expect(complete.reply.text == "Good evening")
    #expect(complete.reply.attempts == 2)
    #expect(events.filter(\.isTerminal).count == 1)
    let void = events[..<place].filter { $0.type == "llm.delta" }.count
    #expect(void > 0)
    #expect(deltas.dropFirst(void).map(\.text).joined() == "Good evening")
    // The same for those who watch: a transcript of the span's events drops what is void.
    let all = await told()
    #expect(all.filter { $0.type == "llm.restart" }.first?.data?["discard_from"] == 0)
    var next: Int64 = 0
    for delta in all where delta.phase == .delta {
      #expect(delta.index == next)
      next += delta.count
    }
  }

  @Test(arguments: [400, 401, 404])
  func whatWouldFailAgainIsNotTriedAgain(status: Int) async throws {
    let provider = try ScriptedProvider(.error(status: status))
    defer { provider.stop() }
    await #expect(throws: LLMError.self) { try await client(provider, quick).generate("Hi", model: "gpt-4o") }
    #expect(provider.requests.count == 1)
  }

  @Test func attemptsAreCounted() async throws {
    let provider = try ScriptedProvider(.error(status: 500))
    defer { provider.stop() }
    let error = await #expect(throws: LLMError.self) {
      try await client(provider, quick).generate("Hi", model: "gpt-4o")
    }
    #expect(error?.code == .providerFailed)
    #expect(provider.requests.count == 3)
    #expect(await told().filter { $0.phase == .error || $0.phase == .end }.count == 1)
  }

  @Test func theProvidersWishIsWaitedFor() async throws {
    let provider = try ScriptedProvider(
      .error(status: 429, retryAfter: .seconds(20)), .text("Good morning"))
    defer { provider.stop() }
    let clock = TestClock()
    var client = client(provider, RetryPolicy())
    client.configuration.clock = clock
    let waiting = client
    let call = Task { try await waiting.generate("Hi", model: "gpt-4o") }
    await clock.sleepers(1)
    clock.advance(by: .seconds(19))
    #expect(provider.requests.count == 1)
    clock.advance(by: .seconds(1))
    #expect(try await call.value.text == "Good morning")
  }

  @Test func cancellingEndsTheWait() async throws {
    let provider = try ScriptedProvider(.error(status: 429, retryAfter: .seconds(20)))
    defer { provider.stop() }
    let clock = TestClock()
    var client = client(provider, RetryPolicy())
    client.configuration.clock = clock
    let waiting = client
    let call = Task { try await waiting.generate("Hi", model: "gpt-4o") }
    await clock.sleepers(1)
    call.cancel()
    let error = await #expect(throws: LLMError.self) { try await call.value }
    #expect(error?.code == .cancelled)
    #expect(await told().last?.data?["reason"] == "cancelled")
  }

  @Test func aHostThatKeepsFailingIsLeftAlone() async throws {
    let provider = try ScriptedProvider(.error(status: 500))
    defer { provider.stop() }
    var client = client(provider, .never)
    client.configuration.breakers = CircuitBreakers(CircuitBreaker.Policy(failures: 2))
    for _ in 0..<2 {
      await #expect(throws: LLMError.self) { try await client.generate("Hi", model: "gpt-4o") }
    }
    let error = await #expect(throws: LLMError.self) { try await client.generate("Hi", model: "gpt-4o") }
    #expect(error?.code == .circuitOpen)
    #expect(provider.requests.count == 2)
  }

  @Test func theDeadlineEndsAnAttempt() async throws {
    let provider = try ScriptedProvider(.text("late").with(.stallBeforeHead))
    defer { provider.stop() }
    let policy = RetryPolicy(deadline: .milliseconds(100))
    let error = await #expect(throws: LLMError.self) {
      try await client(provider, policy).generate("Hi", model: "gpt-4o")
    }
    #expect(error?.code == .timeout)
    #expect(provider.requests.count == 1)
  }

  @Test func aLedgerAddsUpWhatAllAttemptsUsed() async throws {
    let provider = try ScriptedProvider(
      .text("Good morning", chunks: 3).with(.reset(afterBytes: 420)), .text("Good evening", chunks: 4))
    defer { provider.stop() }
    var policy = quick
    policy.afterText = .restart
    let ledger = UsageLedger()
    let reply = try await client(provider, policy).generate(
      "Hi", model: "gpt-4o", on: StreamHandlers(all: { ledger.record($0) }))
    #expect(reply.usage?.total == 14)
    #expect(reply.cost.amount ?? 0 > 0)
    #expect(ledger.snapshot.open == 0)
  }
}

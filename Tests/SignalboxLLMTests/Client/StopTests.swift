import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// Calls that are ended before their time: by a stop button, and by their budget.
@Suite(.timeLimit(.minutes(2)))
struct StopTests {
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter

  init() { emitter = Emitter([recorder]) }

  private func recorded() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  private func client(
    _ provider: ScriptedProvider, clock: (any EventClock)? = nil, budget: Budget = Budget()
  ) -> LLMClient {
    var configuration = LLMClient.Configuration()
    configuration.budget = budget
    if let clock { configuration.clock = clock }
    return LLMClient(
      .openAI(key: "k", url: provider.url + "/v1"), emitter: emitter, configuration: configuration)
  }

  /// Reads a stream to its end; the error that ended it.
  private static func error(of stream: LLMStream) async -> (LLMError?, text: String) {
    var found: LLMError?
    var text = ""
    for await event in stream {
      if case .error(let event) = event { found = event.error }
      if case .delta(let delta) = event { text += delta.text }
    }
    return (found, text)
  }

  @Test func aStreamEndsWhenItsTraceIsCancelled() async throws {
    let provider = try ScriptedProvider(
      ScriptedReply.text("Good morning to you", chunks: 4).with(.stall(afterBytes: 500)))
    defer { provider.stop() }
    var context = Context()
    context.trace = .generate()
    let stream = await Context.with(context) { client(provider).stream("Hi", model: "gpt-4o") }
    let reading = Task { await Self.error(of: stream) }
    await provider.stalled()
    #expect(Cancellation.cancel(trace: try #require(context.trace)) == 1)
    let (error, _) = await reading.value
    #expect(error?.code == .cancelled && error?.budget == nil)
    #expect(!reading.isCancelled, "the call is cancelled, not whoever reads it")
    let ends = await recorded().filter { $0.phase == .error || $0.phase == .end }
    #expect(ends.count == 1)
    #expect(ends[0].data?["reason"] == "cancelled" && ends[0].data?["code"] == "cancelled")
    #expect(provider.requests.count == 1, "a call that was cancelled is not tried again")
  }

  @Test func aCallThatWaitsForItsHeadEndsToo() async throws {
    let provider = try ScriptedProvider(ScriptedReply.text("x").with(.stallBeforeHead))
    defer { provider.stop() }
    var context = Context()
    context.trace = .generate()
    let client = client(provider)
    let call = Task { [context] in
      await Context.with(context) { () async -> LLMError? in
        do throws(LLMError) {
          _ = try await client.generate("Hi", model: "gpt-4o")
          return nil
        } catch {
          return error
        }
      }
    }
    await provider.stalled()
    Cancellation.cancel(trace: try #require(context.trace))
    #expect(await call.value?.code == .cancelled)
  }

  @Test func soDoesOneThatWaitsToTryAgain() async throws {
    let provider = try ScriptedProvider(.error(status: 503))
    defer { provider.stop() }
    let clock = TestClock()
    var context = Context()
    context.trace = .generate()
    let stream = await Context.with(context) { client(provider, clock: clock).stream("Hi", model: "gpt-4o") }
    let reading = Task { await Self.error(of: stream) }
    await clock.sleepers(1)
    Cancellation.cancel(trace: try #require(context.trace))
    #expect(await reading.value.0?.code == .cancelled)
  }

  @Test(arguments: [Budget.Limit.tokens, .cost])
  func tokensAndCostAreCountedAsTheyCome(_ limit: Budget.Limit) async throws {
    let words = Array(repeating: "tokens", count: 400).joined(separator: " ")
    let provider = try ScriptedProvider(
      ScriptedReply.text(words, chunks: 200).with(.stall(afterBytes: 12_000)))
    defer { provider.stop() }
    let budget = limit == .tokens ? Budget(tokens: 40) : Budget(cost: 0.0001)
    let stream = client(provider).stream(
      LLMRequest(model: "gpt-4o", "Hi", options: GenerationOptions(budget: budget)))
    let (error, text) = await Self.error(of: stream)
    #expect(error?.code == .cancelled && error?.budget == limit)
    #expect(!text.isEmpty && text.utf8.count < words.utf8.count)
    let end = try #require(await recorded().last)
    #expect(end.type == "llm.error" && end.data?["reason"] == "cancelled")
    #expect(end.data?["budget"] == .string(limit.rawValue) && end.data?["code"] == "budget_exceeded")
    #expect(end.data?["usage"]?["total"] != nil, "what was used is known")
    #expect(error?.partial?.text == text)
  }

  /// The examples of `docs/stop.md`.
  @Test func documentExamples() async throws {
    let provider = try ScriptedProvider(
      ScriptedReply.text("Once upon a time", chunks: 4).with(.stall(afterBytes: 500)))
    defer { provider.stop() }
    let client = client(provider)
    let (emitter, begun) = (emitter, AsyncStream<TraceID>.makeStream())

    let run = Task {
      try await emitter.withSpan(.agent, "helper") { span in
        begun.continuation.yield(try #require(span.context.trace))
        return try await client.generate("Write a long story", model: "gpt-4o").text
      }
    }
    var traces = begun.stream.makeAsyncIterator()
    let trace = try #require(await traces.next())
    await provider.stalled()

    let isCancelled = Cancellation.isCancelled(trace: trace)
    let registration = Cancellation.onCancel(of: trace) { print("stop") }

    #expect(!isCancelled)
    Cancellation.cancel(trace: trace)
    await #expect(throws: LLMError.self) { try await run.value }
    withExtendedLifetime(registration) {}

    let words = Array(repeating: "tokens", count: 8000).joined(separator: " ")
    provider.on(model: "gpt-4o", ScriptedReply.text(words, chunks: 4000))
    var wasTooMuch = false
    let options = GenerationOptions(
      budget: Budget(tokens: 4000, cost: 0.05, seconds: .seconds(30), stall: .seconds(10)))
    do {
      _ = try await client.generate("Write a long story", model: "gpt-4o", options: options)
    } catch {
      if error.budget == .tokens { print("it wrote too much: \(error.partial?.text.count ?? 0) characters") }
      wasTooMuch = error.budget == .tokens
    }
    #expect(wasTooMuch)
  }

  @Test func enoughIsEnough() async throws {
    let provider = try ScriptedProvider(.text("Good morning"))
    defer { provider.stop() }
    let budget = Budget(tokens: 1000, cost: 1, seconds: .seconds(600), stall: .seconds(600))
    let reply = try await client(provider, budget: budget).generate("Hi", model: "gpt-4o")
    #expect(reply.text == "Good morning")
  }

  @Test(arguments: [Budget(seconds: .seconds(30)), Budget(stall: .seconds(30))])
  func timeRunsOut(_ budget: Budget) async throws {
    let provider = try ScriptedProvider(
      ScriptedReply.text("Good morning to you", chunks: 4).with(.stall(afterBytes: 500)))
    defer { provider.stop() }
    let clock = TestClock()
    let stream = client(provider, clock: clock, budget: budget).stream("Hi", model: "gpt-4o")
    let reading = Task { await Self.error(of: stream) }
    await provider.stalled()
    // The watch looks again where the call was not waiting at that moment, so time goes on until it ends.
    let pump = Task {
      while !Task.isCancelled {
        await clock.sleepers(1)
        clock.advance(by: .seconds(31))
      }
    }
    let (error, _) = await reading.value
    #expect(error?.budget == (budget.stall == nil ? .seconds : .stall))
    pump.cancel()
    // It may wait for a sleeper still: one more, and it ends.
    let last = Task { try await clock.sleep(for: .seconds(1)) }
    await pump.value
    last.cancel()
    _ = await last.result
  }

  @Test func aReaderThatTakesItsTimeIsNoStall() async throws {
    let provider = try ScriptedProvider(ScriptedReply.text("Good morning to you", chunks: 4))
    defer { provider.stop() }
    let clock = TestClock()
    let stream = client(provider, clock: clock, budget: Budget(stall: .seconds(5))).stream(
      "Hi", model: "gpt-4o")
    var found: StreamEvent?
    for await event in stream {
      // Between two events the reader is busy for a minute.
      clock.advance(by: .seconds(60))
      found = event
    }
    guard case .complete = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }
}

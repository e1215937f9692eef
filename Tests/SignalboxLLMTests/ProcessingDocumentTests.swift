import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

/// The examples of `docs/processing.md`, in their order.
@Suite(.timeLimit(.minutes(2)))
struct ProcessingDocumentTests {
  let stored = Kept<[StreamEvent]>()
  let event = Events.delta("Good morning")
  var stream: AsyncStream<StreamEvent> {
    Events.stream([
      Events.start(at: 10), Events.delta("Good ", 0, at: 10.25), Events.delta("morning", 1, at: 10.5),
      Events.usage(output: 4, at: 10.5), Events.complete("Good morning", output: 4, chunks: 2, at: 11.25),
    ])
  }

  private func store(_ batch: [StreamEvent]) async { stored.add(batch) }
  private func check(_ event: StreamEvent) throws { throw TestError() }
  private func country(of event: StreamEvent) async throws -> String { "AT" }
  private func keep(_ batch: [StreamEvent], _ error: any Error) async {}

  @Test func aPipeline() async {
    let stored = stored
    let store = { @Sendable (batch: [StreamEvent]) async in stored.add(batch) }
    let pipeline = Pipeline {
      Filter(types: "llm.delta", "llm.usage", providers: ["openai"])
      Correlate()
      Stamp()
      Measure()
      Batch(100, within: .milliseconds(500)) { await store($0) }
    }
    var types: [String] = []
    for await event in stream.processed(by: pipeline) {
      types.append(event.type)
    }
    #expect(types == ["llm.delta", "llm.delta", "llm.usage"])
    #expect(stored.all.map(\.count) == [3])
    #expect(stored.all[0][1].metadata["gap_ms"] == .double(250))
    #expect(stored.all[0][1].metadata["correlation_id"] == "r-s1")
  }

  @Test func failures() async {
    let told = Kept<String>()
    let report = { @Sendable (problem: PipelineProblem) in told.add("\(problem.stage) \(problem.error)") }
    let careful = Pipeline(onProblem: report) {
      Transform { _ in throw TestError() }
    }
    await careful.handle(event)
    #expect(careful.counts.failures == 1 && careful.counts.dropped == 0)
    #expect(told.count == 1)
  }

  @Test func filters() throws {
    #expect(try Filter(types: "llm.delta").matches(event))
    #expect(try Filter(providers: ["openai"], models: ["gpt-4o*"]).matches(event))
    #expect(try Filter(channels: [.text]).matches(event))
    let long = Filter { event in
      if case .delta(let delta) = event { delta.text.count > 50 } else { false }
    }
    #expect(try !long.matches(event))
    let longOrLast = Filter { $0.isTerminal }.or(Filter(types: "llm.delta").and(Filter { $0.isLong }))
    #expect(try longOrLast.matches(Events.complete()))
    #expect(try !longOrLast.matches(event))
    let notMine = Filter(providers: ["mine"]).not
    #expect(try notMine.matches(event))
  }

  struct UserContext: EventTransformer {
    let userID: String

    func transform(_ event: inout StreamEvent) {
      event.metadata["user_id"] = .string(userID)
      event.metadata["app_version"] = "1.0.0"
    }
  }

  @Test func transformers() async throws {
    let pipeline = Pipeline {
      Truncate(bytes: 1024)
      Sample(1)
      Limit(perSecond: 50)
      Transform { $0.metadata["user_id"] = "user123" }
      Transform { event in event.metadata["country"] = .string(try await country(of: event)) }
      UserContext(userID: "u7")
    }
    let metadata = try #require(await pipeline.process(event)).metadata
    #expect(metadata == ["user_id": "u7", "country": "AT", "app_version": "1.0.0"])
  }

  @Test func batches() async {
    let pipeline = Pipeline {
      Batch(
        100, bytes: 1 << 20, within: .milliseconds(500),
        capacity: 1000, whenFull: .wait,
        retries: 2, retryDelay: .milliseconds(200),
        failed: { batch, error in await keep(batch, error) }
      ) { batch in await store(batch) }
    }
    await pipeline.handle(event)
    await pipeline.finish()
    #expect(stored.count == 1)
  }

  @Test func metrics() async throws {
    let recorder = Recorder()
    let emitter = Emitter([recorder])
    var metrics = StreamMetrics()
    var first: Double?
    for await event in stream {
      if let ended = metrics.record(event) {
        first = ended.firstTokenMS
        #expect(ended.tokensPerSecond == 4)
      }
    }
    #expect(first == 250)
    let openAI = metrics.totals(provider: "openai")
    #expect(openAI.streams == 1 && openAI.inputTokens == 9 && openAI.outputTokens == 4)
    #expect(openAI.firstToken.quantile(0.9) == 250 && openAI.gaps.quantile(0.99) == 250)
    for event in metrics.events() { emitter.emit(event) }
    await emitter.flush(within: .seconds(20))
    #expect(await recorder.events.map(\.type.name) == ["llm.metrics"])
  }

  @Test func analytics() async {
    let posted = Kept<JSONValue>()
    let collector = AnalyticsCollector { session in
      posted.add(session.json)
    }
    for await event in stream { await collector.handle(event) }
    #expect(collector.counts.sent == 1)
    #expect(collector.sessions.last?.totalChunks == 2)
    #expect(posted.all[0]["outcome"] == "complete")
  }

  @Test func progressAndTranscript() async {
    // Not to the terminal of whoever runs the tests.
    let progress = ProgressLine(descriptor: -1)
    let transcript = TranscriptRecorder()
    transcript.add("Weather in Vienna?", from: "user")
    for await event in stream {
      await progress.handle(event)
      await transcript.handle(event)
    }
    #expect(transcript.text == "user: Weather in Vienna?\nassistant: Good morning")
  }
}

extension StreamEvent {
  fileprivate var isLong: Bool { (text?.count ?? 0) > 50 }
}

import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

struct TransformTests {
  private func run(_ stages: [any PipelineStage], _ events: [StreamEvent], clock: TestClock = TestClock())
    async
    -> [StreamEvent]
  {
    let pipeline = Pipeline(stages, clock: clock)
    var passed: [StreamEvent] = []
    for event in events {
      if let event = await pipeline.process(event) { passed.append(event) }
    }
    return passed
  }

  @Test func metadataOfEveryTypeOfEvent() async {
    let events = await run([Transform { $0.metadata["user"] = "u1" }], FilterTests.all)
    #expect(events.map(\.type) == FilterTests.all.map(\.type))
    #expect(events.allSatisfy { $0.metadata == ["user": "u1"] })
    #expect(events.allSatisfy { $0.info.requestID == "r-s1" })
  }

  @Test func synchronousAndAsynchronousInOrder() async {
    let events = await run(
      [
        Transform { $0.metadata["n"] = 1 },
        Transform {
          await Task.yield()
          $0.metadata["n"] = .int(($0.metadata["n"]?.int ?? 0) * 10)
        },
        Transform { $0.metadata["n"] = .int(($0.metadata["n"]?.int ?? 0) + 1) },
      ], [Events.delta("a")])
    #expect(events[0].metadata["n"] == 11)
  }

  @Test func anErrorStopsNobody() async {
    let problems = Kept<String>()
    let report = { @Sendable (problem: PipelineProblem) in problems.add(problem.stage) }
    let pipeline = Pipeline(onProblem: report) {
      Transform { _ in throw TestError() }
      Transform {
        await Task.yield()
        $0.metadata["reached"] = true
        throw TestError()
      }
    }
    let event = await pipeline.process(Events.delta("a"))
    #expect(event?.metadata["reached"] == true)
    #expect(pipeline.counts.failures == 2)
    #expect(pipeline.counts.passed == 1)
    #expect(problems.all == ["Transform", "Transform"])
  }

  struct UserContext: EventTransformer {
    let userID: String
    func transform(_ event: inout StreamEvent) { event.metadata["user_id"] = .string(userID) }
  }

  @Test func aTypeOfItsOwn() async {
    #expect(await run([UserContext(userID: "u7")], [Events.start()])[0].metadata["user_id"] == "u7")
  }

  @Test func correlation() async {
    var foreign = Events.delta("a")
    foreign.metadata["correlation_id"] = "mine"
    var nameless = Events.delta("a")
    nameless.info.requestID = ""
    let events = await run([Correlate()], [Events.delta("a"), foreign, nameless])
    #expect(events.map { $0.metadata["correlation_id"] } == ["r-s1", "mine", "s1"])
    #expect(await run([Correlate(id: "c")], [Events.start()])[0].metadata["correlation_id"] == "c")
    let made = await run([Correlate { "x-" + $0.info.model }], [Events.start()])
    #expect(made[0].metadata["correlation_id"] == "x-gpt-4o")
  }

  @Test func stamp() async {
    let clock = TestClock(start: 5_000_000_000)
    var bare = Events.start()
    bare.info.timestamp = 0
    let events = await run([Stamp()], [Events.start(), bare], clock: clock)
    #expect(events.map { $0.metadata["processed_at"] } == [.double(5), .double(5)])
    #expect(events.map(\.info.timestamp) == [1000, 5])
  }

  @Test func measuresTwoStreamsAtOnce() async {
    let events = await run(
      [Measure()],
      [
        Events.start(stream: "a", at: 10), Events.start(stream: "b", at: 10.1),
        Events.delta("x", 0, stream: "a", at: 10.5), Events.delta("y", 0, stream: "b", at: 10.2),
        Events.delta("x", 1, stream: "a", at: 10.75),
        Events.complete(output: 20, stream: "a", at: 12.5), Events.error(stream: "b", at: 11),
      ])
    #expect(events[0].metadata.isEmpty)
    #expect(events[2].metadata == ["is_first_token": true, "ttft_ms": .double(500)])
    #expect(events[3].metadata["ttft_ms"]?.rounded == 100)
    #expect(events[4].metadata == ["is_first_token": false, "gap_ms": .double(250)])
    #expect(events[5].metadata["ttft_ms"] == .double(500))
    #expect(events[5].metadata["total_duration_ms"] == .double(2500))
    #expect(events[5].metadata["chunks"] == 2)
    #expect(events[5].metadata["tokens_per_second"] == .double(10))
    #expect(events[6].metadata["total_duration_ms"]?.rounded == 900)
    #expect(events[6].metadata["tokens_per_second"] == nil)
  }

  @Test func truncatesBetweenCharacters() async {
    let events = await run(
      [Truncate(bytes: 4)],
      [
        Events.delta("abcd"), Events.delta("abcde"), Events.delta("aé€x"), Events.delta("😀😀"),
        Events.complete("0123456789"),
      ])
    #expect(events.prefix(4).map(\.text) == ["abcd", "abcd", "aé", "😀"])
    #expect(events.map { $0.metadata["original_bytes"] } == [nil, 5, 7, 8, 10])
    guard case .complete(let complete) = events[4] else { return #expect(Bool(false)) }
    #expect(complete.reply.text == "0123")
  }

  @Test func sampleKeepsStreamsWhole() async {
    let names = (0..<2000).map { "stream-\($0)" }
    let events = names.flatMap { [Events.start(stream: $0), Events.delta("a", stream: $0)] }
    let passed = await run([Sample(0.1)], events)
    let streams = Dictionary(grouping: passed) { $0.info.streamID }
    #expect(150...250 ~= streams.count)
    #expect(streams.values.allSatisfy { $0.count == 2 })
    #expect(await run([Sample(0)], events).isEmpty)
    #expect(await run([Sample(1)], events).count == events.count)
    #expect(await run([Sample(.nan)], events).isEmpty)
  }

  @Test func sampleOfDeltasKeepsTheRest() async {
    let events = [Events.start()] + (0..<1000).map { Events.delta("a", $0) } + [Events.complete()]
    let passed = await run([Sample(0.5, of: .delta)], events)
    #expect(400...600 ~= passed.count)
    #expect(passed.first?.type == "llm.start")
    #expect(passed.last?.type == "llm.end")
  }

  @Test func limitByTime() async {
    let clock = TestClock()
    let pipeline = Pipeline([Limit(perSecond: 10, burst: 2)], clock: clock)
    func passes(_ event: StreamEvent) async -> Bool { await pipeline.process(event) != nil }
    #expect(await passes(Events.delta("a")))
    #expect(await passes(Events.delta("a")))
    #expect(await !passes(Events.delta("a")))
    #expect(await passes(Events.usage(output: 1)))
    clock.advance(by: .milliseconds(100))
    #expect(await passes(Events.delta("a")))
    #expect(await !passes(Events.delta("a")))
    clock.advance(by: .seconds(60))
    #expect(await passes(Events.delta("a")))
    #expect(await passes(Events.delta("a")))
    #expect(await !passes(Events.delta("a")))
    #expect(pipeline.counts.stages[0].dropped == 3)
  }
}

extension JSONValue {
  /// A number to three digits behind the point.
  fileprivate var rounded: Double? {
    guard case .double(let value) = self else { return nil }
    return (value * 1000).rounded() / 1000
  }
}

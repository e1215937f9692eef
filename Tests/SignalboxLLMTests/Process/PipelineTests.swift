import SignalboxTesting
import Testing

@testable import SignalboxLLM

@Suite(.timeLimit(.minutes(2)))
struct PipelineTests {
  @Test func aSequenceBehindAPipeline() async {
    let sink = BatchSink()
    let pipeline = Pipeline {
      Filter(types: "llm.delta")
      Transform { $0.metadata["seen"] = true }
      Batch(2, within: nil) { try await sink.take($0.compactMap(\.text)) }
      Filter { $0.text != "b" }
    }
    let events = [Events.start()] + ["a", "b", "c"].map { Events.delta($0) } + [Events.complete()]
    var texts: [String] = []
    for await event in Events.stream(events).processed(by: pipeline) { texts.append(event.text ?? "?") }
    #expect(texts == ["a", "c"])
    // Batches see what comes to their place, and the rest is handed over at the end.
    #expect(await sink.batches == [["a", "b"], ["c"]])
    let counts = pipeline.counts
    #expect(counts.received == 5 && counts.passed == 2 && counts.dropped == 3)
    #expect(counts.stages.map(\.name) == ["Filter", "Transform", "Batch", "Filter"])
    #expect(counts.stages.map(\.dropped) == [2, 0, 0, 1])
  }

  @Test func anErrorOfTheSequenceFlushesAndGoesOn() async {
    let sink = BatchSink()
    let pipeline = Pipeline([Batch(10, within: nil) { try await sink.take($0.compactMap(\.text)) }])
    let stream = AsyncThrowingStream<StreamEvent, any Error> { continuation in
      continuation.yield(Events.delta("a"))
      continuation.finish(throwing: TestError())
    }
    await #expect(throws: TestError()) {
      for try await _ in stream.processed(by: pipeline) {}
    }
    #expect(await sink.batches == [["a"]])
  }

  @Test func aReaderThatStopsFlushes() async {
    let sink = BatchSink()
    let pipeline = Pipeline([Batch(10, within: nil) { try await sink.take($0.compactMap(\.text)) }])
    for await _ in Events.stream([Events.delta("a"), Events.delta("b")]).processed(by: pipeline) { break }
    await sink.called(1)
    #expect(await sink.batches == [["a"]])
  }

  @Test func aCancelledReaderFlushes() async {
    let sink = BatchSink()
    let pipeline = Pipeline([Batch(10, within: nil) { try await sink.take($0.compactMap(\.text)) }])
    let (stream, continuation) = AsyncStream.makeStream(of: StreamEvent.self)
    let read = Kept<String>()
    let (first, firstRead) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      for await event in stream.processed(by: pipeline) {
        read.add(event.text ?? "?")
        firstRead.yield()
      }
    }
    continuation.yield(Events.delta("a"))
    for await _ in first { break }
    task.cancel()
    await task.value
    #expect(read.all == ["a"])
    #expect(await sink.batches == [["a"]])
  }

  @Test func stagesByConditionAndLoop() async {
    func make(_ isOn: Bool) -> Pipeline {
      Pipeline {
        if isOn { Filter(types: "llm.delta") } else { Filter(types: "llm.start") }
        if isOn { Stamp() }
        for user in ["a", "b"] { Transform { $0.metadata[user] = true } }
      }
    }
    #expect(make(true).counts.stages.map(\.name) == ["Filter", "Stamp", "Transform", "Transform"])
    #expect(make(false).counts.stages.map(\.name) == ["Filter", "Transform", "Transform"])
    #expect(await make(true).process(Events.delta("a"))?.metadata["b"] == true)
  }

  @Test func aPipelineOfNothingLetsAllThrough() async {
    #expect(await Pipeline([]).process(Events.start())?.type == "llm.start")
  }

  @MainActor @Test func staysOnTheCallersActor() async {
    let pipeline = Pipeline {
      Transform { _ in MainActor.preconditionIsolated() }
    }
    await pipeline.handle(Events.start())
    #expect(pipeline.counts.failures == 0)
  }

  @Test func streamsThatNeverEndAreForgotten() {
    var table = StreamTableProbe()
    for stream in 0..<10_000 { table.add("\(stream)") }
    #expect(table.count == 100)
    #expect(table.evicted == 9900)
    for stream in 0..<10_000 { table.addAndEnd("x\(stream)") }
    #expect(table.count <= 100)
  }
}

private struct StreamTableProbe {
  private var table = StreamTable<Int>(limit: 100)
  private(set) var evicted = 0

  var count: Int { table.values.count }

  mutating func add(_ key: String) {
    evicted += table.makeRoom(for: key).count
    table.update(key, initial: 0) { $0 += 1 }
  }

  mutating func addAndEnd(_ key: String) {
    table.update(key, initial: 0) { $0 += 1 }
    _ = table.remove(key)
  }
}

import SignalboxLLM
import SignalboxTesting
import Testing

@Suite(.timeLimit(.minutes(2)))
struct BatchTests {
  let sink = BatchSink()
  let clock = TestClock()

  private func handler() -> @Sendable ([StreamEvent]) async throws -> Void {
    let sink = sink
    return { try await sink.take($0.compactMap(\.text)) }
  }

  private func deltas(_ range: Range<Int>) -> [StreamEvent] { range.map { Events.delta("\($0)", $0) } }

  private func feed(_ pipeline: Pipeline, _ range: Range<Int>) async {
    for event in deltas(range) { await pipeline.handle(event) }
  }

  @Test func byCountAndTheRestAtTheEnd() async {
    let pipeline = Pipeline([Batch(3, within: nil, handler())], clock: clock)
    await feed(pipeline, 0..<7)
    await pipeline.finish()
    #expect(await sink.batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]])
    let counts = pipeline.counts.stages[0].batch
    #expect(counts?.taken == 7 && counts?.delivered == 7 && counts?.batches == 3 && counts?.waiting == 0)
    #expect(counts?.waitingBytes == 0)
    #expect(pipeline.counts.passed == 7)
  }

  @Test func byBytes() async {
    let large = String(repeating: "x", count: 5000)
    let pipeline = Pipeline([Batch(100, bytes: 10_000, within: nil, handler())], clock: clock)
    for index in 0..<4 { await pipeline.handle(Events.delta(large, index)) }
    await sink.called(2)
    await pipeline.finish()
    #expect(await sink.batches.map(\.count) == [2, 2])
  }

  @Test func byTime() async {
    let pipeline = Pipeline([Batch(100, within: .milliseconds(500), handler())], clock: clock)
    await feed(pipeline, 0..<2)
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(499))
    #expect(await sink.batches.isEmpty)
    clock.advance(by: .milliseconds(1))
    await sink.called(1)
    // A batch that begins later has a time of its own.
    await feed(pipeline, 2..<3)
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(500))
    await sink.called(2)
    await pipeline.finish()
    #expect(await sink.batches == [["0", "1"], ["2"]])
  }

  @Test func theTimerGoesOnForABatchThatBeganLater() async {
    let pipeline = Pipeline([Batch(2, within: .milliseconds(500), handler())], clock: clock)
    await feed(pipeline, 0..<1)
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(300))
    // Full: handed over by count, while its timer sleeps on; the next begins now.
    await feed(pipeline, 1..<3)
    await sink.called(1)
    clock.advance(by: .milliseconds(200))
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(300))
    await sink.called(2)
    await pipeline.finish()
    #expect(await sink.batches == [["0", "1"], ["2"]])
  }

  @Test func aProducerWaitsForASlowHandlerAndLosesNothing() async {
    await sink.hold()
    let pipeline = Pipeline([Batch(2, within: nil, capacity: 4, handler())], clock: clock)
    await feed(pipeline, 0..<4)
    async let rest: Void = feed(pipeline, 4..<20)
    await sink.called(1)
    #expect(pipeline.counts.stages[0].batch?.waiting == 4)
    await sink.release()
    await rest
    await pipeline.finish()
    #expect(await sink.texts == (0..<20).map(String.init))
  }

  @Test func dropsTheNewestOrTheOldestAndCounts() async {
    await sink.hold()
    let newest = Pipeline([Batch(2, within: nil, capacity: 4, whenFull: .dropNewest, handler())])
    await feed(newest, 0..<10)
    await sink.release()
    await newest.finish()
    #expect(await sink.texts == ["0", "1", "2", "3"])
    #expect(newest.counts.stages[0].batch?.overflowed == 6)

    let other = BatchSink()
    await other.hold()
    let oldest = Pipeline([
      Batch(2, within: nil, capacity: 4, whenFull: .dropOldest) {
        try await other.take($0.compactMap(\.text))
      }
    ])
    await feed(oldest, 0..<2)
    await other.called(1)
    await feed(oldest, 2..<10)
    await other.release()
    await oldest.finish()
    // The first two are with the handler; of the rest the last two have room.
    #expect(await other.texts == ["0", "1", "8", "9"])
    let counts = oldest.counts.stages[0].batch
    #expect(counts?.overflowed == 6 && counts?.taken == 10 && counts?.delivered == 4 && counts?.waiting == 0)
  }

  @Test func triesAgainThenGivesTheBatchAway() async {
    let given = Kept<[String]>()
    let problems = Kept<String>()
    await sink.fail(3)
    let pipeline = Pipeline(
      [
        Batch(
          2, within: nil, retries: 2, retryDelay: .seconds(1),
          failed: { events, error in given.add(events.compactMap(\.text) + ["\(error)"]) }, handler())
      ], clock: clock, onProblem: { problems.add($0.stage) })
    await feed(pipeline, 0..<2)
    for _ in 0..<2 {
      await clock.sleepers(1)
      clock.advance(by: .seconds(1))
    }
    await sink.called(3)
    // Behind it, a batch that arrives.
    await feed(pipeline, 2..<4)
    await pipeline.finish()
    #expect(given.all == [["0", "1", "TestError(name: \"batch\")"]])
    #expect(await sink.batches == [["2", "3"]])
    #expect(problems.count == 3)
    let counts = pipeline.counts.stages[0].batch
    #expect(counts?.failures == 3 && counts?.undelivered == 2 && counts?.delivered == 2)
  }

  @Test func theEndDoesNotWaitForAPause() async {
    await sink.fail(1)
    let pipeline = Pipeline([Batch(2, within: nil, retryDelay: .seconds(3600), handler())], clock: clock)
    await feed(pipeline, 0..<2)
    await clock.sleepers(1)
    await pipeline.finish()
    #expect(await sink.batches == [["0", "1"]])
  }

  @Test func cancellationLosesNothing() async {
    await sink.hold()
    let pipeline = Pipeline([Batch(2, within: nil, capacity: 2, handler())], clock: clock)
    let task = Task {
      // The third event waits for room until the task is cancelled.
      await feed(pipeline, 0..<5)
      await pipeline.finish()
    }
    await sink.called(1)
    task.cancel()
    await sink.release()
    await task.value
    #expect(await sink.texts == ["0", "1", "2", "3", "4"])
  }

  @Test func manyProducersAtOnce() async {
    let pipeline = Pipeline([Batch(7, within: .milliseconds(1), capacity: 21, handler())])
    await withTaskGroup(of: Void.self) { group in
      for producer in 0..<8 {
        group.addTask { await feed(pipeline, producer * 1000..<producer * 1000 + 500) }
      }
    }
    await pipeline.finish()
    let texts = await sink.texts.compactMap { Int($0) }
    #expect(texts.count == 4000)
    for producer in 0..<8 {
      // Each producer's events are in its order.
      let own = texts.filter { $0 / 1000 == producer }
      #expect(own == own.sorted())
    }
    let counts = pipeline.counts.stages[0].batch
    #expect(counts?.taken == 4000 && counts?.delivered == 4000 && counts?.waiting == 0)
  }
}

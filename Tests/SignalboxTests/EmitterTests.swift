import SignalboxTesting
import Testing

@testable import Signalbox

@Suite(.timeLimit(.minutes(5)))
struct EmitterTests {
  let clock = TestClock()

  private func emitter(_ recorder: Recorder, capacity: Int = 1000) -> Emitter {
    var configuration = Emitter.Configuration()
    configuration.clock = clock
    configuration.capacity = capacity
    return Emitter([recorder], configuration: configuration)
  }

  @Test func aFullBatchLeavesAtOnce() async {
    let recorder = Recorder(batching: Batching(events: 3, interval: .seconds(60)))
    let emitter = emitter(recorder)
    for n in 0..<3 { emitter.emit("n", .int(Int64(n))) }
    await recorder.wait(for: 3)
    #expect(await recorder.events.map(\.data) == [0, 1, 2])
  }

  @Test func theRestLeavesWhenItsTimeHasCome() async {
    let recorder = Recorder(batching: Batching(events: 100, interval: .milliseconds(500)))
    let emitter = emitter(recorder)
    emitter.emit("a")
    await clock.sleepers(1)
    emitter.emit("b")
    #expect(await recorder.events.isEmpty)
    clock.advance(by: .milliseconds(500))
    await recorder.wait(for: 2)
    #expect(await recorder.batches.count == 1)
    #expect(await recorder.events.map(\.time) == [clock.now() - 500_000_000, clock.now() - 500_000_000])
  }

  @Test func flushWaitsUntilAllIsSent() async {
    let recorder = Recorder(batching: Batching(events: 7, interval: .seconds(60)))
    let emitter = emitter(recorder)
    for _ in 0..<100 { emitter.emit("x") }
    #expect(await emitter.flush(within: .seconds(5)))
    #expect(await recorder.events.count == 100)
    #expect(emitter.ledger == .init(emitted: 100, sent: 100, dropped: 0, buffered: 0))
    #expect(await emitter.flush(within: .seconds(5)))
  }

  @Test func flushGivesUpInTime() async {
    let recorder = Recorder(batching: Batching(events: 1))
    await recorder.hold()
    let emitter = emitter(recorder)
    emitter.emit("x")
    await recorder.wait(for: 1)
    async let flushed = emitter.flush(within: .seconds(2))
    await clock.sleepers(1)
    clock.advance(by: .seconds(2))
    #expect(await flushed == false)
    #expect(emitter.ledger == .init(emitted: 1, sent: 0, dropped: 0, buffered: 1))
    await recorder.release()
    #expect(await emitter.flush(within: .seconds(2)))
  }

  @Test func shutDownSendsTheRest() async {
    let recorder = Recorder(batching: Batching(events: 100, interval: .seconds(60)))
    let emitter = emitter(recorder)
    for _ in 0..<250 { emitter.emit("x") }
    #expect(await emitter.shutDown(within: .seconds(5)))
    #expect(await recorder.events.count == 250)
    emitter.emit("too late")
    #expect(await emitter.shutDown(within: .seconds(5)))
    #expect(emitter.ledger == .init(emitted: 250, sent: 250, dropped: 0, buffered: 0))
  }

  @Test(.timeLimit(.minutes(1))) func shutDownGivesUpInTime() async {
    let recorder = Recorder(batching: Batching(events: 1))
    await recorder.hold()
    let emitter = emitter(recorder)
    for _ in 0..<3 { emitter.emit("x") }
    await recorder.wait(for: 1)
    async let ended = emitter.shutDown(within: .seconds(2))
    await clock.sleepers(1)
    clock.advance(by: .seconds(2))
    #expect(await ended == false)
    #expect(await recorder.batches.count == 1)
    #expect(emitter.ledger.balances && emitter.ledger.buffered == 0 && emitter.ledger.dropped >= 2)
  }

  @Test func lettingGoSendsTheRest() async {
    let recorder = Recorder(batching: Batching(events: 100, interval: .seconds(60)))
    do {
      let emitter = emitter(recorder)
      emitter.emit("x")
    }
    await recorder.wait(for: 1)
  }

  @Test func aSlowExporterSlowsNobody() async {
    let slow = Recorder(batching: Batching(events: 1))
    await slow.hold()
    let quick = Recorder(batching: Batching(events: 1))
    var configuration = Emitter.Configuration()
    configuration.capacity = 50
    let emitter = Emitter([quick], configuration: configuration)
    emitter.add(slow)
    for round in 1...100 {
      emitter.emit("x")
      await quick.wait(for: round)
    }
    await slow.release()
    #expect(await emitter.flush(within: .seconds(20)))
    let recorded = await slow.events
    #expect(recorded.contains { $0.type == .gap } && recorded.count < 100)
    #expect(emitter.ledger.balances && emitter.ledger.dropped > 0)
  }

  @Test func refusedAndLostBatchesAreCountedAndReported() async {
    let problems = Locked<[String]>([])
    let recorder = Recorder(batching: Batching(events: 3))
    var configuration = Emitter.Configuration()
    configuration.onProblem = { problem in problems.withLock { $0.append("\(problem)") } }
    let emitter = Emitter([recorder], configuration: configuration)
    await recorder.answer { _ in [ExportRejection(index: 1, field: "session", reason: "bad")] }
    for _ in 0..<3 { emitter.emit("x") }
    await recorder.wait(for: 3)
    await emitter.flush(within: .seconds(20))
    await recorder.answer { _ throws(ExportError) in throw ExportError("gone") }
    for _ in 0..<3 { emitter.emit("x") }
    await emitter.flush(within: .seconds(20))
    #expect(emitter.ledger == .init(emitted: 6, sent: 2, dropped: 4, buffered: 0))
    #expect(
      problems.withLock { $0 } == [
        "recorder: 1 event not sent (session): bad", "recorder: 3 events not sent: gone",
      ])
  }

  @Test func manyTasksLoseNothing() async {
    let recorder = Recorder(batching: Batching(events: 64, interval: .milliseconds(1)))
    var configuration = Emitter.Configuration()
    configuration.capacity = 1_000_000
    let emitter = Emitter([recorder], configuration: configuration)
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for n in 0..<1000 { emitter.emit("n", ["task": .int(Int64(task)), "n": .int(Int64(n))]) }
        }
      }
    }
    await emitter.flush(within: .seconds(20))
    let events = await recorder.events
    #expect(events.count == 8000 && Set(events.map(\.id)).count == 8000)
    for task in 0..<8 {
      let mine = events.filter { $0.data?["task"] == .int(Int64(task)) }.compactMap { $0.data?["n"]?.int }
      #expect(mine == mine.sorted())
    }
  }

  @Test func withoutAnExporterNothingIsKept() async {
    let emitter = Emitter()
    emitter.emit("x")
    #expect(emitter.ledger == .init() && emitter.ledgers.isEmpty)
    #expect(await emitter.flush(within: .seconds(5)))
  }
}

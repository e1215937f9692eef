import Foundation
import SignalboxTesting
import Testing

@testable import Signalbox

private enum Triage {}
private enum Summary {}

private func chunk(_ index: Int, _ text: String = "x", of correlation: String = "c1") -> StreamChunkNote {
  StreamChunkNote(
    identity: "clinic.chat.triage", correlationID: correlation, delta: .string(text), index: index)
}

@Suite struct SignalTests {
  @Test func everyReceiverGetsEveryNoteInOrder() async {
    let signals = Signals()
    let seen = Locked<[[Int]]>([[], []])
    signals.streamChunk.connect { note in seen.withLock { $0[0].append(note.index!) } }
    signals.streamChunk.connect { note async in seen.withLock { $0[1].append(note.index!) } }
    for index in 0..<500 { signals.emitStreamChunk(chunk(index)) }
    await signals.drained()
    #expect(seen.withLock { $0 } == [Array(0..<500), Array(0..<500)])
    #expect(signals.counts.sent == 500 && signals.counts.delivered == 1000 && signals.counts.waiting == 0)
  }

  @Test func aReceiverHearsOnlyTheSenderItAskedFor() async {
    let signals = Signals()
    let seen = Locked<[Int]>([])
    signals.streamChunk.connect(sender: Triage.self) { note in seen.withLock { $0.append(note.index!) } }
    signals.emitStreamChunk(chunk(0), sender: Summary.self)
    signals.emitStreamChunk(chunk(1), sender: Triage.self)
    signals.emitStreamChunk(chunk(2))
    await signals.drained()
    #expect(seen.withLock { $0 } == [1])
  }

  @Test func aReceiverOfOneSignalHearsNoOther() async {
    let signals = Signals()
    let seen = Locked(0)
    signals.failure.connect { _ in seen.withLock { $0 += 1 } }
    signals.emitStreamChunk(chunk(0))
    signals.emitFailure(FailureNote(identity: "a.b.c", correlationID: "c1", error: "boom", attempt: 2))
    await signals.drained()
    #expect(seen.withLock { $0 } == 1)
  }

  @Test func oneThatThrowsIsReportedAndDisturbsNobody() async {
    struct Boom: Error {}
    let problems = Locked<[String]>([])
    var configuration = Signals.Configuration()
    configuration.onProblem = { problem in problems.withLock { $0.append(problem.description) } }
    let signals = Signals(configuration)
    let seen = Locked(0)
    signals.streamChunk.connect(name: "bad") { _ in throw Boom() }
    signals.streamChunk.connect(name: "worse") { _ async throws in throw Boom() }
    signals.streamChunk.connect { _ in seen.withLock { $0 += 1 } }
    signals.emitStreamChunk(chunk(0))
    signals.emitStreamChunk(chunk(1))
    await signals.drained()
    #expect(seen.withLock { $0 } == 2 && signals.counts.failed == 4)
    #expect(
      problems.withLock { $0.sorted() } == [
        "stream_chunk: bad threw Boom()", "stream_chunk: bad threw Boom()",
        "stream_chunk: worse threw Boom()",
        "stream_chunk: worse threw Boom()",
      ])
  }

  @Test(.timeLimit(.minutes(10))) func oneThatHangsIsReportedAndTheOthersGoOn() async {
    let clock = TestClock()
    let problems = Locked<[String]>([])
    var configuration = Signals.Configuration()
    configuration.clock = clock
    configuration.hangLimit = .seconds(5)
    configuration.onProblem = { problem in problems.withLock { $0.append(problem.description) } }
    let signals = Signals(configuration)
    let gate = ThreadGate()
    let (hanging, hangs) = AsyncStream<Void>.makeStream()
    let (other, others) = AsyncStream<Int>.makeStream()
    signals.streamChunk.connect(name: "stuck") { note in
      guard note.index == 0 else { return }
      hangs.yield()
      _ = gate.wait(seconds: 600)
    }
    signals.streamChunk.connect { others.yield($0.index!) }
    signals.emitStreamChunk(chunk(0))
    for await _ in hanging { break }
    signals.emitStreamChunk(chunk(1))
    await clock.sleepers(1)
    clock.advance(by: .seconds(6))
    var got: [Int] = []
    for await index in other {
      got.append(index)
      if got.count == 2 { break }
    }
    #expect(got == [0, 1])
    #expect(problems.withLock { $0.first } == "stream_chunk: stuck does not return")
    gate.open()
    // Once it has returned it is handed notes again; until then they are dropped and counted.
    var dropped: Int
    repeat {
      dropped = signals.counts.dropped
      signals.emitStreamChunk(chunk(2))
      await signals.drained()
    } while signals.counts.dropped > dropped
    #expect(dropped >= 1)
  }

  @Test func disconnectingTwiceIsFineAndEndsIt() async {
    let signals = Signals()
    let seen = Locked(0)
    let token = signals.streamChunk.connect { _ in seen.withLock { $0 += 1 } }
    signals.emitStreamChunk(chunk(0))
    await signals.drained()
    token.disconnect()
    token.disconnect()
    signals.emitStreamChunk(chunk(1))
    await signals.drained()
    #expect(seen.withLock { $0 } == 1)
  }

  @Test func anOwnersLifeIsTheSubscriptions() async {
    final class View: Sendable {}
    let signals = Signals()
    let seen = Locked(0)
    var view: View? = View()
    signals.streamChunk.connect(owner: view) { _ in seen.withLock { $0 += 1 } }
    signals.emitStreamChunk(chunk(0))
    await signals.drained()
    view = nil
    #expect(view == nil)
    signals.emitStreamChunk(chunk(1))
    await signals.drained()
    #expect(seen.withLock { $0 } == 1)
  }

  @Test func whatIsOverTheBoundIsDroppedAndSaid() async {
    let problems = Locked(0)
    var configuration = Signals.Configuration()
    configuration.capacity = 2
    configuration.onProblem = { problem in
      if case .dropped = problem.kind, problem.receiver == "*" { problems.withLock { $0 += 1 } }
    }
    let signals = Signals(configuration)
    let gate = ThreadGate()
    let (begun, begins) = AsyncStream<Void>.makeStream()
    signals.streamChunk.connect { _ in
      begins.yield()
      _ = gate.wait(seconds: 600)
    }
    signals.emitStreamChunk(chunk(0))
    for await _ in begun { break }
    for index in 1...5 { signals.emitStreamChunk(chunk(index)) }
    #expect(signals.counts.waiting == 2 && signals.counts.dropped == 3 && problems.withLock { $0 } == 3)
    for _ in 0..<3 {
      gate.open()
      if signals.counts.waiting > 0 { for await _ in begun { break } }
    }
    await signals.drained()
  }

  @Test func processorsComeFirst() async {
    var configuration = Signals.Configuration()
    configuration.processors = [
      { note in
        guard var chunk = note as? StreamChunkNote else { return nil }
        chunk.delta = "__REDACTED__"
        return chunk
      }
    ]
    let signals = Signals(configuration)
    let seen = Locked<[String]>([])
    signals.streamChunk.connect { note in seen.withLock { $0.append(note.delta.string ?? "") } }
    signals.failure.connect { _ in seen.withLock { $0.append("failure") } }
    signals.emitStreamChunk(chunk(0, "secret"))
    signals.emitFailure(FailureNote(identity: "a.b.c", correlationID: "c1", error: "secret"))
    await signals.drained()
    #expect(seen.withLock { $0 } == ["__REDACTED__"])
  }

  @Test func testsReplaceTheSharedOnes() async {
    let mine = Signals()
    #expect(Signals.current === Signals.shared)
    await Signals.with(mine) {
      #expect(Signals.current === mine)
      await Task { #expect(Signals.current === mine) }.value
    }
    #expect(Signals.current === Signals.shared)
  }
}

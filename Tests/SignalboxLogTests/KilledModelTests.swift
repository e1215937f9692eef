import Foundation
import Testing
import Wire

@testable import SignalboxLog

/// A process that stores random batches is killed at random moments, again and again: what it had been told is stored
/// is there, whole batches only, and the log goes on as if it had been closed.
@Suite struct KilledModelTests {
  @Test(.timeLimit(.minutes(10))) func theLogAgreesWithItsModelAfterEveryKill() async throws {
    let seed = ModelTests.number("SIGNALBOX_MODEL_SEED", UInt64.random(in: 0..<1 << 32))
    let rounds = Int(ModelTests.number("SIGNALBOX_CRASH_ROUNDS", 5))
    print("SIGNALBOX_MODEL_SEED=\(seed)")
    let folder = TemporaryFolder()
    var random = TestRandom(seed: seed)
    var model = LogModel()
    var next = 0
    for round in 0..<rounds {
      let writer = RandomWriter(folder: folder.path, seed: seed, first: next, kill: 1 + random.below(120))
      await #expect(processExitsWith: .signal(SIGKILL)) { [writer = writer as RandomWriter] in
        try writer.writeUntilKilled()
      }
      let acknowledged = try writer.acknowledged()
      let log = try EventLog.open(writer.options)
      // The batches that are there are the first ones, and each is there as a whole.
      while UInt64(model.events.count + 1) < log.tip || next <= acknowledged {
        _ = model.store(RandomWriter.batch(next, seed: seed))
        next += 1
      }
      #expect(UInt64(model.events.count + 1) == log.tip, "seed \(seed), round \(round)")
      // What is sent again because the answer was lost is known.
      let last = RandomWriter.batch(max(0, next - 1), seed: seed)
      let expected = model.store(last)
      let result = await log.store(last)
      #expect(result?.stored == expected.stored && result?.duplicates == expected.duplicates)
      #expect(result?.late == expected.late, "seed \(seed), round \(round)")
      try ModelTests.compare(log, model, &random)
      log.close()
    }
    #expect(next > rounds)
  }
}

/// Stores batch after batch, and ends by SIGKILL some time after one of them was acknowledged.
struct RandomWriter: Codable, Sendable {
  let folder: String
  let seed: UInt64
  /// The number of its first batch.
  let first: Int
  /// How many acknowledgements it lives to see, at least.
  let kill: Int

  var options: LogOptions {
    var options = LogOptions(directory: folder)
    options.reserveBytes = 0
    // Small, so that sealing, merging and checkpoints are under way when the end comes.
    options.segmentEvents = 64
    options.spansInMemory = 8
    options.blockBytes = 2000
    // No span is lost for its silence.
    options.now = { Timestamp(nanoseconds: TestEvent().received) }
    return options
  }

  private var answers: String { folder + ".answers" }

  static func batch(_ number: Int, seed: UInt64) -> [TestEvent] {
    var random = TestRandom(seed: seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
    return (0...random.below(30)).map { _ in ModelTests.event(&random) }
  }

  func writeUntilKilled() throws {
    let log = try EventLog.open(options)
    let file = open(answers, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    precondition(file >= 0, "the answers cannot be written")
    let gate = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      gate.wait()
      // The writer is in the midst of something else by now.
      Glibc.kill(getpid(), SIGKILL)
    }
    for number in first... {
      let batch = makeBatch(Self.batch(number, seed: seed))
      let (first, kill) = (first, kill)
      while log.submit(
        batch,
        completion: { result in
          guard result.failure == nil else { return }
          let line = Array("\(number)\n".utf8)
          _ = write(file, line, line.count)
          if number - first == kill { gate.signal() }
        }) != .accepted
      { sched_yield() }
      if number % 32 == 31 { log.runUpkeep() }
    }
  }

  /// The number of the last batch that was acknowledged; -1: none.
  func acknowledged() throws -> Int {
    let text = try String(contentsOfFile: answers, encoding: .utf8)
    return text.split(separator: "\n").compactMap { Int($0) }.max() ?? -1
  }
}

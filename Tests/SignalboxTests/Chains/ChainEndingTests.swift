import SignalboxTesting
import Testing

@testable import Signalbox

/// Retries, timeouts, cancellation, and exporters that do not keep up.
@Suite(.timeLimit(.minutes(5)))
struct ChainEndingTests {
  let fixture = ChainFixture()

  private struct Refusal: RetryableError {
    var isRetryable: Bool
    var retryAfter: Duration?
    var wasRetried = false
  }

  private func chain(_ step: Step<Int, Int>) -> Chain<Int, Int> {
    Chain("c", emitter: fixture.emitter, options: fixture.options) { step }
  }

  @Test func aStepIsTriedAgain() async throws {
    let backoff = Backoff(base: .seconds(1), jitter: 1...1)
    let run = chain(
      Step("flaky") { (x: Int, step) in
        if step.attempt < 3 { throw Broken() }
        return x + step.attempt
      }
      .retry(3, backoff: backoff)
    ).start(1)
    for wait in [Duration.seconds(1), .seconds(2)] {
      await fixture.clock.sleepers(1)
      fixture.clock.advance(by: wait)
    }
    #expect(try await run.value == 4)
    let events = await fixture.events()
    #expect(
      events.map(\.type.name) == [
        "chain.start", "step.start", "step.restart", "step.restart", "step.end", "chain.step", "chain.end",
      ])
    #expect(events[2].data == ["attempt": 1, "discard_from": 0, "message": "it broke"])
    #expect(events[2].phase == .restart && events[3].data?["attempt"] == 2)
    #expect(events[4].data?["attempts"] == 3 && events[4].data?["timing"] == ["duration_ms": 3000.0])
  }

  @Test func andGivenUpWhenAllAttemptsAreUsed() async {
    await #expect {
      try await chain(
        Step("bad") { (_: Int) -> Int in throw Broken() }.retry(
          2, backoff: Backoff(base: .zero, jitter: 0...0))
      )
      .runNow(fixture)
    } throws: {
      ($0 as? ChainError)?.attempts == 2
    }
    #expect(await fixture.events().first { $0.type == "step.error" }?.data?["attempts"] == 2)
  }

  @Test(arguments: [
    (Refusal(isRetryable: false), false), (Refusal(isRetryable: true), true),
    // Somebody retried already: retries within retries would multiply.
    (Refusal(isRetryable: true, wasRetried: true), false),
  ])
  private func anErrorMayKnowThatItIsNoUse(_ error: Refusal, isRetried: Bool) {
    let policy = Step<Int, Int>("x") { $0 }.retry(3).policy
    #expect((policy.wait(after: error, attempt: 1, random: 0.5) != nil) == isRetried)
    let always = Step<Int, Int>("x") { $0 }.retry(3, if: { _ in true }).policy
    #expect(always.wait(after: error, attempt: 1, random: 0.5) != nil)
    #expect(always.wait(after: error, attempt: 3, random: 0.5) == nil)
  }

  @Test func whoAsksForPatienceGetsIt() {
    let policy = Step<Int, Int>("x") { $0 }.retry(3).policy
    let error = Refusal(isRetryable: true, retryAfter: .seconds(7))
    #expect(policy.wait(after: error, attempt: 1, random: 0.5) == .seconds(7))
    #expect(Step<Int, Int>("x") { $0 }.policy.wait(after: error, attempt: 1, random: 0.5) == nil)
  }

  @Test func aStepThatTakesTooLong() async {
    let run = chain(
      Step("slow") { (x: Int) in
        try await forever()
        return x
      }
      .timeout(.seconds(5))
    ).start(1)
    await fixture.clock.sleepers(1)
    fixture.clock.advance(by: .seconds(5))
    await #expect {
      try await run.value
    } throws: {
      let error = $0 as? ChainError
      return error?.code == .timeout && error?.step == "slow"
        && error?.message == "it took longer than 5.0 seconds"
    }
    let errors = await fixture.events().filter { $0.phase == .error }
    #expect(errors.map { $0.data?["code"] } == ["timeout", "timeout"])
    #expect(errors.map { $0.data?["reason"] } == ["failed", "failed"])
    #expect(errors.last?.data?["timing"] == ["duration_ms": 5000.0])
  }

  @Test func aStepInTimeIsNotDisturbed() async throws {
    #expect(try await chain(Step("quick") { $0 + 1 }.timeout(.seconds(5))).run(1) == 2)
  }

  @Test func theHandleCancelsIt() async {
    let started = Gate()
    let run = chain(
      Step("slow") { (x: Int) in
        await started.open()
        try await forever()
        return x
      }
      .retry(5)
    ).start(1, id: "stop-me")
    await started.wait()
    #expect(run.id == "stop-me")
    run.cancel()
    await #expect { try await run.value } throws: { ($0 as? ChainError)?.code == .cancelled }
    let events = await fixture.events()
    #expect(events.map(\.type.name) == ["chain.start", "step.start", "step.error", "chain.error"])
    #expect(events.suffix(2).allSatisfy { $0.data?["reason"] == "cancelled" && $0.data?["code"] == nil })
    #expect(events.last?.data?["message"] == "the chain was cancelled")
  }

  @Test func soDoesTheCallersTask() async {
    let started = Gate()
    let chain = chain(
      Step("slow") { (x: Int) in
        await started.open()
        try await forever()
        return x
      })
    let task = Task { try await chain.run(1) }
    await started.wait()
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? ChainError)?.code == .cancelled }
  }

  @Test func betweenStepsToo() async {
    let (first, second) = (Gate(), Gate())
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step("deaf") { (x: Int) in
        await first.open()
        await second.wait()
        return x
      }
      Step("never") { (x: Int) in x }
    }
    let run = chain.start(1)
    await first.wait()
    run.cancel()
    await second.open()
    await #expect { try await run.value } throws: { ($0 as? ChainError)?.code == .cancelled }
    let events = await fixture.events()
    #expect(events.last?.data?["reason"] == "cancelled" && events.last?.data?["step"] == nil)
    #expect(events.filter { $0.type == "step.start" }.count == 1)
  }

  @Test func whileItWaitsToTryAgain() async {
    let run = chain(Step("flaky") { (_: Int) -> Int in throw Broken() }.retry(5)).start(1)
    await fixture.clock.sleepers(1)
    run.cancel()
    await #expect { try await run.value } throws: { ($0 as? ChainError)?.code == .cancelled }
    #expect(await fixture.chainEvents().last?.data?["reason"] == "cancelled")
  }

  // MARK: Exporters

  private func long(_ count: Int, _ emitter: Emitter, _ options: ChainOptions = .init()) -> Chain<Int, Int> {
    Chain("long", emitter: emitter, options: options) {
      for number in 0..<count { Step("step \(number)") { (x: Int) in x + 1 } }
    }
  }

  @Test func threeThousandStepsArriveInOrder() async throws {
    let recorder = Recorder()
    let emitter = Emitter([recorder])
    // However busy the machine is.
    var options = ChainOptions()
    options.patience = .seconds(600)
    #expect(try await long(3000, emitter, options).run(0, id: "long") == 3000)
    await emitter.flush(within: .seconds(600))
    let events = await recorder.events.filter { $0.type == "chain.step" }
    #expect(events.map { $0.data?["step"]?.int } == (0..<3000).map { $0 })
    #expect(events.map { $0.data?["result"]?.int } == (1...3000).map { $0 })
    #expect(emitter.ledger.dropped == 0 && emitter.ledger.emitted == 9002)
  }

  @Test func anExporterThatIsAwayHoldsItUpOnlySoLong() async throws {
    let recorder = Recorder()
    await recorder.hold()
    let emitter = Emitter([recorder])
    var options = ChainOptions()
    options.patience = .milliseconds(5)
    #expect(try await long(2000, emitter, options).run(0) == 2000)
    #expect(emitter.ledger.balances && emitter.ledger.dropped > 0)
    await recorder.release()
    await emitter.shutDown(within: .seconds(60))
  }
}

extension Chain {
  /// Runs with a clock on which nobody waits.
  fileprivate func runNow(_ fixture: ChainFixture) async throws -> Output where Input == Int {
    let run = start(1)
    await fixture.clock.sleepers(1)
    fixture.clock.advance(by: .zero)
    return try await run.value
  }
}

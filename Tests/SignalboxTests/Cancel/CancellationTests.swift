import SignalboxTesting
import Testing

@testable import Signalbox

/// A trace that is cancelled from outside ends what runs of it, and nothing else.
@Suite(.timeLimit(.minutes(2)))
struct CancellationTests {
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter

  init() { emitter = Emitter([recorder]) }

  private func recorded() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  /// Sleeps until it is cancelled.
  private static func sleepForEver() async throws { try await TestClock().sleep(for: .seconds(1)) }

  private func isRunning(_ trace: TraceID) -> Bool { Cancellation.running(of: [trace]) == [trace] }

  @Test func aSpanEndsAsCancelled() async throws {
    let (emitter, begun) = (emitter, AsyncStream<TraceID>.makeStream())
    let run = Task {
      try await emitter.withSpan(.agent, "outer") { span in
        try await emitter.withSpan(.tool, "inner") { inner in
          begun.continuation.yield(try #require(inner.context.trace))
          try await Self.sleepForEver()
        }
      }
    }
    let other = Task {
      try await emitter.withSpan(.agent, "other") { _ in try await Self.sleepForEver() }
    }
    var traces = begun.stream.makeAsyncIterator()
    let trace = try #require(await traces.next())
    #expect(!Cancellation.isCancelled(trace: trace) && isRunning(trace))
    // The inner span runs in the same task, so one is told.
    #expect(Cancellation.cancel(trace: trace) == 1)
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(Cancellation.isCancelled(trace: trace) && !isRunning(trace))
    let errors = await recorded().filter { $0.phase == .error }
    #expect(errors.map(\.type.name) == ["tool.error", "agent.error"])
    #expect(errors.allSatisfy { $0.data?["reason"] == "cancelled" && $0.context.trace == trace })
    #expect(!other.isCancelled)
    other.cancel()
    _ = await other.result
    // Nothing is left to be told.
    #expect(Cancellation.cancel(trace: trace) == 0)
  }

  @Test func whatBeginsLaterIsCancelledToo() async {
    let trace = TraceID.generate()
    #expect(Cancellation.cancel(trace: trace) == 0)
    var context = Context()
    context.trace = trace
    let isCancelled = await Task { [emitter] in
      await Context.with(context) { await emitter.withSpan(.step, "late") { _ in Task.isCancelled } }
    }.value
    #expect(isCancelled)
    #expect(await emitter.withSpan(.step, "another trace") { _ in Task.isCancelled } == false)
  }

  @Test func tasksOfOnesOwnAreTold() async throws {
    let (emitter, begun) = (emitter, AsyncStream<TraceID>.makeStream())
    let run = Task {
      await emitter.withSpan(.agent, "parent") { span in
        // Not a child: cancelling the parent's task does not reach it.
        let child = Task.detached {
          try await Context.with(span.context) {
            try await emitter.withSpan(.tool, "detached") { _ in
              begun.continuation.yield(try #require(span.context.trace))
              try await Self.sleepForEver()
            }
          }
        }
        return await child.result
      }
    }
    var traces = begun.stream.makeAsyncIterator()
    let trace = try #require(await traces.next())
    #expect(Cancellation.cancel(trace: trace) == 2)
    guard case .failure = await run.value else {
      Issue.record("the detached task was not cancelled")
      return
    }
  }

  @Test func handlersHearOnceAndAreForgotten() async {
    let trace = TraceID.generate()
    let heard = Locked(0)
    do {
      let registration = Cancellation.onCancel(of: trace) { heard.withLock { $0 += 1 } }
      #expect(isRunning(trace))
      withExtendedLifetime(registration) {}
    }
    #expect(!isRunning(trace))
    Cancellation.cancel(trace: trace)
    #expect(heard.withLock { $0 } == 0)
    let late = Cancellation.onCancel(of: trace) { heard.withLock { $0 += 1 } }
    #expect(heard.withLock { $0 } == 1, "it was cancelled before")
    withExtendedLifetime(late) {}
  }

  /// Whoever leaves makes room for the next, whose trace is another.
  @Test func placesAreTakenAgain() {
    let (first, second, third) = (TraceID.generate(), TraceID.generate(), TraceID.generate())
    let heard = Locked<[TraceID]>([])
    func listen(_ trace: TraceID) -> CancelRegistration {
      Cancellation.onCancel(of: trace) { heard.withLock { $0.append(trace) } }
    }
    var registrations = [listen(first), listen(second)]
    registrations.removeFirst()
    registrations.append(listen(third))
    #expect(Cancellation.running(of: [first, second, third]) == [second, third])
    #expect(Cancellation.cancel(trace: first) == 0)
    #expect(Cancellation.cancel(trace: third) == 1)
    #expect(heard.withLock { $0 } == [third])
    withExtendedLifetime(registrations) {}
  }

  /// A task that is started inside of a span has its own place: it is not ended by the span's end, but with the trace.
  @Test func aTaskOfItsOwnIsCancelledToo() async throws {
    let (emitter, begun) = (emitter, AsyncStream<TraceID>.makeStream())
    let inner = await emitter.withSpan(.agent, "outer") { _ in
      Task {
        try await emitter.withSpan(.tool, "inner") { span in
          begun.continuation.yield(try #require(span.context.trace))
          try await Self.sleepForEver()
        }
      }
    }
    var traces = begun.stream.makeAsyncIterator()
    let trace = try #require(await traces.next())
    #expect(isRunning(trace))
    #expect(Cancellation.cancel(trace: trace) == 1)
    await #expect(throws: CancellationError.self) { try await inner.value }
    #expect(!isRunning(trace))
  }

  /// Cancelling and ending meet at every moment; no task that is gone is touched (what ThreadSanitizer watches).
  @Test func endsMeetCancels() async {
    let emitter = Emitter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<200 {
        let trace = TraceID.generate()
        group.addTask {
          var context = Context()
          context.trace = trace
          await Context.with(context) { await emitter.withSpan(.step, "short") { _ in await Task.yield() } }
        }
        group.addTask { Cancellation.cancel(trace: trace) }
      }
    }
  }
}

@Suite struct BudgetTests {
  @Test func theFirstLimitThatIsExceeded() {
    let budget = Budget(tokens: 10, cost: 0.5, seconds: .seconds(5), stall: .seconds(2))
    #expect(budget.exceeded(tokens: 10, cost: 0.5) == nil)
    #expect(budget.exceeded(tokens: 11, cost: 9) == .tokens)
    #expect(budget.exceeded(cost: 0.51) == .cost)
    #expect(budget.exceeded(elapsed: .seconds(5)) == .seconds)
    #expect(budget.exceeded(elapsed: .seconds(4), idle: .seconds(2)) == .stall)
    #expect(Budget().exceeded(tokens: .max, cost: .infinity, elapsed: .seconds(1 << 40)) == nil)
    #expect(Budget().isUnlimited && !budget.isUnlimited)
  }

  @Test func deadlines() {
    #expect(Budget(tokens: 1).deadline(lastSign: .zero) == nil)
    let budget = Budget(seconds: .seconds(5), stall: .seconds(2))
    #expect(budget.deadline(lastSign: .seconds(1))?.limit == .stall)
    #expect(budget.deadline(lastSign: .seconds(1))?.at == .seconds(3))
    #expect(budget.deadline(lastSign: .seconds(4))?.limit == .seconds)
    #expect(Budget(stall: .seconds(1)).deadline(lastSign: .seconds(9))?.at == .seconds(10))
  }

  @Test func tightening() {
    let a = Budget(tokens: 10, cost: 1)
    let b = Budget(tokens: 20, seconds: .seconds(3))
    #expect(a.tightened(by: b) == Budget(tokens: 10, cost: 1, seconds: .seconds(3)))
    #expect(a.tightened(by: b) == b.tightened(by: a))
  }

  @Test func whatIsWrittenDown() throws {
    #expect(
      try Budget(list: "tokens=4000, cost=0.05 ,seconds=30,stall=1.5")
        == Budget(tokens: 4000, cost: 0.05, seconds: .seconds(30), stall: .seconds(1.5)))
    #expect(try Budget(list: "") == Budget())
    for text in [
      "tokens", "tokens=", "tokens=x", "tokens=-1", "token=5", "cost=inf", "seconds=nan", "a=b=c",
      "tokens=1e300",
    ] {
      #expect(throws: BudgetError.self, "\(text)") { try Budget(list: text) }
    }
  }
}

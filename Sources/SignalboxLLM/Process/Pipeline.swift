public import Signalbox
import Synchronization

/// Stages that every event of a stream passes in order: filters, transformers, batches.
///
/// ```swift
/// let pipeline = Pipeline {
///   Filter(types: "llm.delta", "llm.usage", providers: ["openai"])
///   Transform { $0.metadata["user_id"] = "u1" }
///   Batch(100, within: .milliseconds(500)) { await store($0) }
/// }
/// for await event in stream.processed(by: pipeline) { … }
/// ```
///
/// One pipeline may serve any number of streams at once. A stage that fails is counted and reported, and stops
/// nobody else. Events of one stream stay in order.
public final class Pipeline: Sendable {
  /// How far an event came without waiting.
  fileprivate enum Verdict {
    case passed, dropped
    /// This step has to be awaited.
    case waits(at: Int)
  }

  private let steps: [PipelineRun]
  private let clock: any EventClock
  private let report: (@Sendable (PipelineProblem) -> Void)?
  private let received = Atomic<Int>(0)
  private let passed = Atomic<Int>(0)

  /// - Parameters:
  ///   - stages: In the order in which events pass them.
  ///   - clock: Where the stages take the time from; the machine's unless given.
  ///   - onProblem: Told of every error that a stage threw, on the thread where it happened; must not block.
  public init(
    _ stages: [any PipelineStage], clock: any EventClock = SystemEventClock(),
    onProblem: (@Sendable (PipelineProblem) -> Void)? = nil
  ) {
    self.clock = clock
    report = onProblem
    steps = stages.map { PipelineRun($0.step, clock: clock, report: onProblem) }
  }

  /// The same with the stages as lines of a closure.
  public convenience init(
    clock: any EventClock = SystemEventClock(), onProblem: (@Sendable (PipelineProblem) -> Void)? = nil,
    @PipelineBuilder _ stages: () -> [any PipelineStage]
  ) {
    self.init(stages(), clock: clock, onProblem: onProblem)
  }

  /// Takes an event through the stages; nil when one of them dropped it.
  ///
  /// Suspends only at an asynchronous transformer and at a batch that is full and waits.
  public nonisolated(nonsending) func process(_ event: consuming StreamEvent) async -> StreamEvent? {
    await run(&event) ? event : nil
  }

  /// Takes an event through the stages for what they do with it: the handler of a stream.
  public nonisolated(nonsending) func handle(_ event: consuming StreamEvent) async { _ = await run(&event) }

  /// Hands every batch that waits to its handler and returns when that is done. The pipeline may be used further.
  ///
  /// Also does so in a task that was cancelled: the handlers run in tasks of their own.
  public nonisolated(nonsending) func finish() async {
    for step in steps { await step.batch?.finish() }
  }

  /// As `finish`, without waiting.
  func finishSoon() {
    for step in steps { step.batch?.seal() }
  }

  /// What has been done so far.
  public var counts: PipelineCounts {
    PipelineCounts(
      received: received.load(ordering: .relaxed), passed: passed.load(ordering: .relaxed),
      stages: steps.map(\.counts))
  }

  /// Whether the event came out at the end.
  private nonisolated(nonsending) func run(_ event: inout StreamEvent) async -> Bool {
    received.add(1, ordering: .relaxed)
    var next = 0
    while true {
      switch advance(&event, from: next) {
      case .passed:
        passed.add(1, ordering: .relaxed)
        return true
      case .dropped: return false
      case .waits(let place):
        await wait(&event, at: steps[place])
        next = place + 1
      }
    }
  }

  /// Takes the event as far as it goes without waiting.
  private func advance(_ event: inout StreamEvent, from first: Int) -> Verdict {
    for place in first..<steps.count {
      let step = steps[place]
      switch step.work {
      case .test(let test):
        do {
          if try !test(event) { return step.drop() }
        } catch {
          failed(step, error, event)
          return step.drop()
        }
      case .change(let change):
        do {
          if try !change(&event, clock) { return step.drop() }
        } catch {
          failed(step, error, event)
        }
      case .wait: return .waits(at: place)
      case .batch: if step.batch?.offer(event) == .full { return .waits(at: place) }
      }
    }
    return .passed
  }

  private nonisolated(nonsending) func wait(_ event: inout StreamEvent, at step: PipelineRun) async {
    switch step.work {
    case .wait(let change):
      do { try await change(&event) } catch { failed(step, error, event) }
    case .batch: await step.batch?.add(event)
    case .test, .change: break
    }
  }

  private func failed(_ step: PipelineRun, _ error: any Error, _ event: StreamEvent) {
    step.failures.add(1, ordering: .relaxed)
    report?(PipelineProblem(stage: step.name, error: error, events: [event]))
  }
}

/// A step of one pipeline, with its counts.
private final class PipelineRun: Sendable {
  let name: String
  let work: PipelineStep.Work
  let batch: BatchRunner?
  let dropped = Atomic<Int>(0)
  let failures = Atomic<Int>(0)

  init(_ step: PipelineStep, clock: any EventClock, report: (@Sendable (PipelineProblem) -> Void)?) {
    name = step.name
    work = step.work
    batch =
      if case .batch(let batch) = step.work {
        BatchRunner(batch, name: step.name, clock: clock, report: report)
      } else {
        nil
      }
  }

  func drop() -> Pipeline.Verdict {
    dropped.add(1, ordering: .relaxed)
    return .dropped
  }

  var counts: StageCounts {
    StageCounts(
      name: name, dropped: dropped.load(ordering: .relaxed), failures: failures.load(ordering: .relaxed),
      batch: batch?.counts)
  }
}

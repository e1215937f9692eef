internal import Signalbox

/// The events of one run, pulled by one reader: turns, what the model's calls say, tool calls; last, exactly one
/// `complete` or `error`. It never throws: a failure is its last event.
///
/// What waits to be pulled is bounded: a run waits for its reader. Letting go of the iterator, or cancelling the task
/// that reads, cancels the run with all that goes on in it.
public struct AgentStream: AsyncSequence, Sendable {
  public typealias Element = AgentEvent
  public typealias Failure = Never

  private let plan: AgentPlan
  private let isTaken = Locked(false)

  init(_ plan: AgentPlan) { self.plan = plan }

  /// The run begins when its first event is asked for. A stream is read once: a second iterator has no events.
  public func makeAsyncIterator() -> Iterator {
    let isFirst = isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
    return Iterator(run: isFirst ? AgentRun(plan) : nil)
  }

  public struct Iterator: AsyncIteratorProtocol {
    let run: AgentRun?

    public mutating func next() async -> AgentEvent? { await next(isolation: nil) }

    public mutating func next(isolation actor: isolated (any Actor)?) async -> AgentEvent? {
      await run?.next()
    }
  }
}

/// The task of a run, owned by who reads its events.
final class AgentRun: Sendable {
  private let plan: AgentPlan
  private let events = Handoff<AgentEvent>(capacity: 16)
  private let task = Locked<Task<Void, Never>?>(nil)

  init(_ plan: AgentPlan) { self.plan = plan }

  deinit {
    task.withLock { $0 }?.cancel()
    events.abandon()
  }

  nonisolated(nonsending) func next() async -> AgentEvent? {
    let task = task.withLock { task in
      if let task { return task }
      let loop = AgentLoop(plan: plan, events: events)
      let begun = Task { await loop.run() }
      task = begun
      return begun
    }
    return await withTaskCancellationHandler {
      await events.next()
    } onCancel: {
      task.cancel()
    }
  }
}

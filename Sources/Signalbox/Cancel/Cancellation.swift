/// Ends, from outside, what runs of a trace in this process: a stop button's other half.
///
/// The outermost span of a trace that runs in a task (`Emitter.withSpan`) has its task cancelled; calls of a model end by
/// themselves. Both end with the reason `cancelled`. An exporter that sends to a server asks for it on behalf of whoever
/// cancelled the trace there.
public enum Cancellation {
  /// Cancels what runs of the trace, and what begins of it later.
  ///
  /// - Returns: how many tasks and calls were told.
  @discardableResult
  public static func cancel(trace: TraceID) -> Int { CancelRegistry.shared.cancel(trace) }

  /// Whether somebody cancelled the trace; for work that looks by itself whether it should go on. Of the last 1024
  /// traces that were cancelled.
  public static func isCancelled(trace: TraceID) -> Bool { CancelRegistry.shared.isCancelled(trace) }

  /// Has a closure called when the trace is cancelled, at once if it is already. It runs on any thread and must return
  /// soon. It is forgotten with the registration.
  public static func onCancel(
    of trace: TraceID, _ handler: @escaping @Sendable () -> Void
  ) -> CancelRegistration {
    CancelRegistry.shared.register(trace, handler)
  }

  /// Those of the traces of which anything could be cancelled in this process.
  package static func running(of traces: Set<TraceID>) -> Set<TraceID> {
    CancelRegistry.shared.running(of: traces)
  }
}

/// Somebody who hears that a trace is cancelled, until this is let go.
public final class CancelRegistration: Sendable {
  private let ticket: CancelRegistry.Ticket

  fileprivate init(_ ticket: CancelRegistry.Ticket) { self.ticket = ticket }

  deinit { CancelRegistry.shared.leave(ticket) }
}

/// What runs of a trace in a task, which is cancelled with it.
struct CancelScope: Sendable {
  /// What is to be the current context inside.
  let ambient: Context.Ambient
  private let ticket: CancelRegistry.Ticket?

  /// Registers the running task, unless what it runs inside of has done so. `leave` must follow.
  static func enter(_ context: Context) -> CancelScope {
    let outer = Context.ambient.runner
    return withUnsafeCurrentTask { task in
      guard let trace = context.traceID, let task else {
        return CancelScope(ambient: Context.Ambient(context: context, runner: outer), ticket: nil)
      }
      let runner = TraceRunner(trace: trace, task: task.hashValue)
      let ticket = runner == outer ? nil : CancelRegistry.shared.enter(trace, RunningTask(task))
      return CancelScope(ambient: Context.Ambient(context: context, runner: runner), ticket: ticket)
    }
  }

  func leave() {
    if let ticket { CancelRegistry.shared.leave(ticket) }
  }
}

/// Which task runs a span of a trace.
struct TraceRunner: Sendable, Equatable {
  let trace: TraceID
  /// The task's hash value: what follows every span and all that is inside of it must not hold on to the task.
  let task: Int
}

/// A task, from its inside.
///
/// `@unchecked Sendable`: it is used while the task runs what it was taken in, which the registry sees to; to cancel a
/// task is safe from any thread.
private struct RunningTask: @unchecked Sendable {
  private let task: UnsafeCurrentTask

  init(_ task: UnsafeCurrentTask) { self.task = task }

  func cancel() { task.cancel() }
}

/// What can be cancelled, by its trace.
private final class CancelRegistry: Sendable {
  static let shared = CancelRegistry()

  /// Traces that are remembered as cancelled.
  private static let memory = 1024

  private enum Holder {
    case task(RunningTask)
    case handler(@Sendable () -> Void)
  }

  /// The place of a holder, its own until it leaves.
  typealias Ticket = Int

  private struct Place {
    var trace: TraceID
    /// Nil: the place is free.
    var holder: Holder?
    /// Its task is being cancelled: it may not go on past its span until that is done.
    var isBusy = false
  }

  private struct State {
    /// Who comes takes a free place, because every outermost span comes and goes; who cancels, which is rare, looks
    /// through all.
    var places: [Place] = []
    var free: [Ticket] = []
    var cancelled: Set<TraceID> = []
    /// The same, the oldest first.
    var order = RingQueue<TraceID>()
  }

  private let state = Locked(State())

  func isCancelled(_ trace: TraceID) -> Bool { state.withLock { $0.cancelled.contains(trace) } }

  func running(of traces: Set<TraceID>) -> Set<TraceID> {
    state.withLock { state in
      var running: Set<TraceID> = []
      for place in state.places where place.holder != nil && traces.contains(place.trace) {
        running.insert(place.trace)
      }
      return running
    }
  }

  // MARK: In and out

  func enter(_ trace: TraceID, _ task: RunningTask) -> Ticket {
    let (ticket, isCancelled) = add(trace, .task(task))
    if isCancelled { task.cancel() }
    return ticket
  }

  func register(_ trace: TraceID, _ handler: @escaping @Sendable () -> Void) -> CancelRegistration {
    let (ticket, isCancelled) = add(trace, .handler(handler))
    if isCancelled { handler() }
    return CancelRegistration(ticket)
  }

  private func add(_ trace: TraceID, _ holder: Holder) -> (Ticket, Bool) {
    state.withLock { state in
      let place = Place(trace: trace, holder: holder)
      let ticket: Ticket
      if let free = state.free.popLast() {
        ticket = free
        state.places[ticket] = place
      } else {
        ticket = state.places.count
        state.places.append(place)
      }
      return (ticket, state.cancelled.contains(trace))
    }
  }

  func leave(_ ticket: Ticket) {
    while true {
      // Let go of outside of the lock.
      var gone: Holder?
      let hasLeft = state.withLock { state in
        // For the moment in which another thread cancels this very task: it must not be gone before that is done.
        guard !state.places[ticket].isBusy else { return false }
        gone = state.places[ticket].holder.take()
        state.free.append(ticket)
        return true
      }
      withExtendedLifetime(gone) {}
      if hasLeft { return }
      SystemThread.yield()
    }
  }

  // MARK: Cancelling

  func cancel(_ trace: TraceID) -> Int {
    let holders = state.withLock { state -> [(Ticket, Holder)] in
      if state.cancelled.insert(trace).inserted {
        state.order.append(trace)
        if state.order.count > Self.memory, let oldest = state.order.popFirst() {
          state.cancelled.remove(oldest)
        }
      }
      var holders: [(Ticket, Holder)] = []
      for (ticket, place) in state.places.enumerated() where place.trace == trace {
        // Whoever is at it already need not be told by two.
        guard let holder = place.holder, !place.isBusy else { continue }
        if case .task = holder { state.places[ticket].isBusy = true }
        holders.append((ticket, holder))
      }
      return holders
    }
    for (ticket, holder) in holders {
      switch holder {
      case .task(let task):
        task.cancel()
        state.withLock { $0.places[ticket].isBusy = false }
      case .handler(let handler): handler()
      }
    }
    return holders.count
  }
}

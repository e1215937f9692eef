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

  /// Whether anything of the trace could be cancelled in this process.
  package static func isRunning(_ trace: TraceID) -> Bool { CancelRegistry.shared.isRunning(trace) }

  /// Runs `body` in the context, cancelled with its trace.
  package nonisolated(nonsending) static func with<Value, Failure: Error>(
    _ context: Context, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    guard let trace = context.trace, let task = CurrentTask() else {
      return try await Context.with(context, body)
    }
    // What runs inside of it in the same task ends with it.
    if let scope, scope.trace == trace, scope.task == task { return try await Context.with(context, body) }
    let ticket = CancelRegistry.shared.enter(trace, task)
    defer { CancelRegistry.shared.leave(trace, ticket) }
    let result: Result<Value, Failure> = await $scope.withValue(CancelScope(trace: trace, task: task)) {
      do throws(Failure) { return .success(try await Context.with(context, body)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The span whose task is registered, where one is.
  @TaskLocal fileprivate static var scope: CancelScope?
}

/// Somebody who hears that a trace is cancelled, until this is let go.
public final class CancelRegistration: Sendable {
  private let trace: TraceID
  private let ticket: UInt64

  fileprivate init(_ trace: TraceID, _ ticket: UInt64) {
    self.trace = trace
    self.ticket = ticket
  }

  deinit { CancelRegistry.shared.leave(trace, ticket) }
}

private struct CancelScope: Sendable {
  let trace: TraceID
  let task: CurrentTask
}

/// The running task, from its inside.
///
/// `@unchecked Sendable`: it is used while the task runs what it was taken in, which the registry sees to; to cancel a
/// task is safe from any thread.
private struct CurrentTask: @unchecked Sendable, Equatable {
  private let task: UnsafeCurrentTask

  init?() {
    guard let task = withUnsafeCurrentTask(body: { $0 }) else { return nil }
    self.task = task
  }

  func cancel() { task.cancel() }

  static func == (left: CurrentTask, right: CurrentTask) -> Bool { left.task == right.task }
}

/// What can be cancelled, by its trace.
private final class CancelRegistry: Sendable {
  static let shared = CancelRegistry()

  /// Traces that are remembered as cancelled.
  private static let memory = 1024

  private enum Holder {
    case task(CurrentTask)
    case handler(@Sendable () -> Void)
  }

  private struct State {
    var holders: [TraceID: [UInt64: Holder]] = [:]
    var nextTicket: UInt64 = 0
    /// Tasks that are being cancelled: they may not go on past their span until that is done.
    var busy: Set<UInt64> = []
    var cancelled: Set<TraceID> = []
    /// The same, the oldest first.
    var order = RingQueue<TraceID>()
  }

  private let state = Locked(State())

  func isCancelled(_ trace: TraceID) -> Bool { state.withLock { $0.cancelled.contains(trace) } }

  func isRunning(_ trace: TraceID) -> Bool { state.withLock { $0.holders[trace] != nil } }

  // MARK: In and out

  func enter(_ trace: TraceID, _ task: CurrentTask) -> UInt64 {
    let (ticket, isCancelled) = add(trace, .task(task))
    if isCancelled { task.cancel() }
    return ticket
  }

  func register(_ trace: TraceID, _ handler: @escaping @Sendable () -> Void) -> CancelRegistration {
    let (ticket, isCancelled) = add(trace, .handler(handler))
    if isCancelled { handler() }
    return CancelRegistration(trace, ticket)
  }

  private func add(_ trace: TraceID, _ holder: Holder) -> (UInt64, Bool) {
    state.withLock { state in
      state.nextTicket += 1
      state.holders[trace, default: [:]][state.nextTicket] = holder
      return (state.nextTicket, state.cancelled.contains(trace))
    }
  }

  func leave(_ trace: TraceID, _ ticket: UInt64) {
    while true {
      // Let go of outside of the lock.
      var gone: Holder?
      let hasLeft = state.withLock { state in
        // For the moment in which another thread cancels this very task: it must not be gone before that is done.
        guard !state.busy.contains(ticket) else { return false }
        gone = state.holders[trace]?.removeValue(forKey: ticket)
        if state.holders[trace]?.isEmpty == true { state.holders[trace] = nil }
        return true
      }
      withExtendedLifetime(gone) {}
      if hasLeft { return }
      SystemThread.yield()
    }
  }

  // MARK: Cancelling

  func cancel(_ trace: TraceID) -> Int {
    let holders = state.withLock { state -> [UInt64: Holder] in
      if state.cancelled.insert(trace).inserted {
        state.order.append(trace)
        if state.order.count > Self.memory, let oldest = state.order.popFirst() {
          state.cancelled.remove(oldest)
        }
      }
      // Whoever is at it already need not be told by two.
      let holders = (state.holders[trace] ?? [:]).filter { !state.busy.contains($0.key) }
      for (ticket, holder) in holders { if case .task = holder { state.busy.insert(ticket) } }
      return holders
    }
    for (ticket, holder) in holders {
      switch holder {
      case .task(let task):
        task.cancel()
        state.withLock { _ = $0.busy.remove(ticket) }
      case .handler(let handler): handler()
      }
    }
    return holders.count
  }
}

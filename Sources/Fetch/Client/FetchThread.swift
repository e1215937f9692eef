import Signalbox

/// Transfers on a thread of their own, for programs without an event loop. Letting go of it ends the thread
/// and cancels what still runs.
package final class FetchThread: Sendable {
  /// The one that everybody shares; started at first use.
  package static let shared = FetchThread()

  private let core = Core()

  package init() {
    let core = core
    SystemThread { core.run() }.detach()
  }

  deinit { core.send(.stop) }

  /// Starts a transfer. The handler is called on the thread; it always hears `ended`, also when the request
  /// is not valid.
  package func start(_ request: FetchRequest, handler: any FetchHandler & Sendable) -> FetchTask {
    let task = FetchTask(core: core)
    core.send(.start(task, request, handler))
    return task
  }
}

/// A transfer on a `FetchThread`; its methods may be called from anywhere, at any time.
///
/// `@unchecked Sendable`: `transfer` is only touched on the thread.
package final class FetchTask: @unchecked Sendable {
  fileprivate let core: Core
  fileprivate var transfer: FetchTransfer?

  fileprivate init(core: Core) { self.core = core }

  /// Ends the transfer early; its handler may still be called until the thread has heard of it.
  package func cancel() { core.send(.cancel(self)) }

  /// Lets a paused transfer go on.
  package func resume() { core.send(.resume(self)) }
}

private enum Command: Sendable {
  case start(FetchTask, FetchRequest, any FetchHandler & Sendable)
  case cancel(FetchTask)
  case resume(FetchTask)
  case stop
}

/// What the thread and its callers share.
///
/// `@unchecked Sendable`: the multi is only touched on the thread after `init`; others hold its wake-up.
private final class Core: @unchecked Sendable {
  private let multi = CurlMulti(poller: nil)
  private let wakeUp: CurlMulti.WakeUp
  private let inbox = Locked(Inbox())

  private struct Inbox {
    var commands: [Command] = []
    /// The multi is gone: nothing may be woken any more.
    var isClosed = false
  }

  init() { wakeUp = multi.wakeUpHandle }

  func send(_ command: Command) {
    // Woken under the lock, which is a write to a descriptor, so that the multi cannot be gone meanwhile.
    let refused = inbox.withLock { inbox in
      guard !inbox.isClosed else { return true }
      inbox.commands.append(command)
      if inbox.commands.count == 1 { wakeUp() }
      return false
    }
    if refused, case .start(_, _, let handler) = command { Self.refuse(handler, .cancelled) }
  }

  func run() {
    var isStopping = false
    while !isStopping {
      let commands = inbox.withLock { inbox in
        let commands = inbox.commands
        inbox.commands.removeAll(keepingCapacity: true)
        return commands
      }
      for command in commands { isStopping = carryOut(command) || isStopping }
      if !isStopping { multi.wait(milliseconds: commands.isEmpty ? 60_000 : 0) }
    }
    let rest = inbox.withLock { inbox in
      inbox.isClosed = true
      return inbox.commands
    }
    multi.shutDown()
    for case .start(_, _, let handler) in rest { Self.refuse(handler, .cancelled) }
  }

  /// Returns true when the thread shall end.
  private func carryOut(_ command: Command) -> Bool {
    switch command {
    case .start(let task, let request, let handler):
      do { task.transfer = try multi.start(request, handler: handler) } catch {
        Self.refuse(handler, error)
      }
    case .cancel(let task):
      if let transfer = task.transfer { multi.cancel(transfer) }
    case .resume(let task):
      if let transfer = task.transfer { multi.resume(transfer) }
    case .stop:
      return true
    }
    return false
  }

  private static func refuse(_ handler: any FetchHandler, _ error: FetchError) {
    let end = FetchEnd(error: error, status: 0, received: 0, reusedConnection: false)
    handler.fetch(.none, ended: end)
  }
}

package import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A libuv loop on a thread of its own.
///
/// Everything except `execute`, `enqueue`, `wake`, `start`, `stop` and `isCurrent` may be used only on that thread.
///
/// `@unchecked Sendable`: the inbox is locked; all other state is touched by the loop's thread alone.
package final class EventLoop: @unchecked Sendable {
  package let name: String
  /// The loop itself, for handles of others (libcurl's sockets and timers).
  package let uv: UnsafeMutablePointer<uv_loop_t>

  private let inbox: Inbox
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  private let check: UnsafeMutablePointer<uv_check_t>
  private var thread: pthread_t?
  private var started = false
  private var cachedNow: UInt64 = 0
  private var hooks: [() -> Void] = []
  private var lateHooks: [() -> Void] = []
  private var stopHooks: [() -> Void] = []
  /// What the connections of this loop share: buffers, the timer wheel, the list of those to flush.
  private(set) lazy var shared = LoopShared(loop: self)

  /// Makes the loop; it does not run before `start`.
  package init(name: String) throws(NetError) {
    self.name = name
    uv = .allocate(capacity: 1)
    prepare = .allocate(capacity: 1)
    check = .allocate(capacity: 1)
    let code = uv_loop_init(uv)
    guard code == 0 else {
      uv.deallocate()
      prepare.deallocate()
      check.deallocate()
      throw NetError("make an event loop", code: code)
    }
    do {
      inbox = try Inbox(uv)
    } catch {
      uv_loop_close(uv)
      uv.deallocate()
      prepare.deallocate()
      check.deallocate()
      throw error
    }
    uv_prepare_init(uv, prepare)
    uv_check_init(uv, check)
  }

  /// Starts the thread.
  package func start() {
    precondition(!started, "a loop starts once")
    started = true
    ignoreBrokenPipes()
    let retained = Unmanaged.passRetained(self).toOpaque()
    prepare.pointee.data = retained
    check.pointee.data = retained
    uv_prepare_start(prepare) { EventLoop.from($0!.pointee.data).endIteration() }
    uv_check_start(check) { EventLoop.from($0!.pointee.data).endIteration() }
    var id = pthread_t()
    let code = pthread_create(
      &id, nil,
      { argument in
        // The thread holds the loop until `run` has returned.
        EventLoop.from(argument).run()
        return nil
      }, retained)
    precondition(code == 0, "cannot start the thread of loop \(name): error \(code)")
    thread = id
  }

  /// Ends the loop and waits for its thread. Not from the loop itself.
  ///
  /// Handles that others made are theirs to close, with `atStop`; those they forgot are closed without a callback.
  package func stop() {
    guard started, let thread else { return }
    precondition(!isCurrent, "a loop cannot wait for itself")
    self.thread = nil
    execute { self.shutDown() }
    pthread_join(thread, nil)
  }

  /// Runs `work` on the loop; from any thread, in the order of the calls, and never at once.
  ///
  /// What is handed over after `stop` does not run.
  package nonisolated func execute(_ work: @escaping @Sendable () -> Void) { inbox.add(work) }

  /// Hands work over as `execute` does, and leaves the waking to a `wake` that must follow: who has work for a loop
  /// several times in a row lets it come only when all is there.
  package nonisolated func enqueue(_ work: @escaping @Sendable () -> Void) { inbox.add(work, wakes: false) }

  /// Wakes the loop for what was enqueued; from any thread.
  package nonisolated func wake() { inbox.wake() }

  /// Whether this is the loop's thread.
  package var isCurrent: Bool { inbox.isCurrent }

  package func preconditionCurrent() {
    precondition(isCurrent, "loop \(name) was used from another thread")
  }

  /// Monotonic nanoseconds, read once per iteration.
  package var now: UInt64 {
    if cachedNow == 0 { cachedNow = uv_hrtime() }
    return cachedNow
  }

  /// Runs `body` after so many milliseconds, and again every `ms2` unless that is 0.
  @discardableResult
  package func timer(after ms: UInt64, every ms2: UInt64 = 0, _ body: @escaping () -> Void) -> LoopTimer {
    LoopTimer(self, after: ms, every: ms2, body)
  }

  /// Registers a hook that runs at the end of every iteration, before the connections write what was queued.
  package func afterIO(_ body: @escaping () -> Void) { hooks.append(body) }

  /// Registers a hook that runs at the end of every iteration, after the connections have written: for work that
  /// must not hold their bytes back.
  package func afterFlush(_ body: @escaping () -> Void) { lateHooks.append(body) }

  /// Registers a hook that runs when the loop is told to stop, while its handles are still open.
  package func atStop(_ body: @escaping () -> Void) { stopHooks.append(body) }

  // MARK: - The thread

  private static func from(_ data: UnsafeMutableRawPointer?) -> EventLoop {
    Unmanaged<EventLoop>.fromOpaque(data!).takeUnretainedValue()
  }

  private func run() {
    setThreadName(name)
    preferShortTurns()
    inbox.bindToThread()
    uv_run(uv, UV_RUN_DEFAULT)
    let code = uv_loop_close(uv)
    assert(code == 0, "a handle outlived loop \(name)")
    hooks = []
    lateHooks = []
    stopHooks = []
    prepare.deallocate()
    check.deallocate()
    uv.deallocate()
    Unmanaged.passUnretained(self).release()
  }

  private func endIteration() {
    for hook in hooks { hook() }
    shared.flush()
    for hook in lateHooks { hook() }
    cachedNow = 0
  }

  private func shutDown() {
    for hook in stopHooks { hook() }
    shared.close()
    uv_prepare_stop(prepare)
    uv_check_stop(check)
    uv_close(UnsafeMutableRawPointer(prepare).assumingMemoryBound(to: uv_handle_t.self), nil)
    uv_close(UnsafeMutableRawPointer(check).assumingMemoryBound(to: uv_handle_t.self), nil)
    inbox.close()
    // Whoever forgot a handle must not keep the loop from ending.
    uv_walk(uv, { handle, _ in if uv_is_closing(handle) == 0 { uv_close(handle, nil) } }, nil)
  }
}

private func setThreadName(_ name: String) {
  #if canImport(Glibc)
    // Linux takes 15 bytes.
    _ = String(name.prefix(15)).withCString { cuv_set_thread_name(pthread_self(), $0) }
  #else
    _ = name.withCString { pthread_setname_np($0) }
  #endif
}

/// Whoever waits for a loop waits for every byte: on a core that it shares with the log's threads it is let in
/// front of them when something comes, instead of when their turn of some milliseconds is over.
private func preferShortTurns() {
  #if canImport(Glibc)
    cuv_prefer_short_turns(100_000)
  #endif
}

/// A peer that went away must be an error of `write`, not the end of the process.
private func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

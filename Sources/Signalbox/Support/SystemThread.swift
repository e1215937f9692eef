#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A thread of its own for work that blocks; the cooperative pool never blocks.
///
/// `@unchecked Sendable`: a pthread's name is a plain value; `join` may be called once, by one thread.
package struct SystemThread: @unchecked Sendable {
  private let thread: pthread_t

  /// Starts it; one that works in the `background` leaves the processor to others where there is not enough.
  package init(background: Bool = false, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(body: body, isBackground: background)).toOpaque()
    #if canImport(Glibc)
      var created = pthread_t()
      let result = pthread_create(&created, nil, { run($0!) }, start)
    #else
      var created: pthread_t!
      let result = pthread_create(&created, nil, { run($0) }, start)
    #endif
    precondition(result == 0, "no thread could be started")
    thread = created
  }

  /// Waits until the thread has returned.
  package func join() { pthread_join(thread, nil) }

  /// Nobody will wait for the thread.
  package func detach() { pthread_detach(thread) }

  /// Lets another thread run, while waiting for one that needs a moment only.
  package static func yield() { sched_yield() }
}

private final class Start: Sendable {
  let body: @Sendable () -> Void
  let isBackground: Bool

  init(body: @escaping @Sendable () -> Void, isBackground: Bool) {
    self.body = body
    self.isBackground = isBackground
  }
}

private func run(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
  if start.isBackground { stepBack() }
  start.body()
  return nil
}

/// A third of the usual share of a contended processor, not less: others wait for what such a thread holds.
private func stepBack() {
  #if canImport(Glibc)
    // On Linux the process 0 is the calling thread.
    let which = __priority_which_t(PRIO_PROCESS.rawValue)
    setpriority(which, 0, getpriority(which, 0) + 5)
  #else
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
  #endif
}

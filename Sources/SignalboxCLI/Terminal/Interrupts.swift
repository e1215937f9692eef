import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// SIGINT and SIGTERM, taken by waiting for them: no handler runs in the middle of anything.
enum Interrupts {
  /// Keeps both signals for whoever waits. Called before the command starts a thread,
  /// so that all inherit it.
  static func hold() {
    var signals = set()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits for one of them on this thread and returns it.
  static func wait() -> Int32 {
    var signals = set()
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
    return number
  }

  /// Calls the closure on a thread of its own at the first one; the second ends the program at once.
  static func onFirst(_ action: @escaping @Sendable () -> Void) {
    SystemThread {
      _ = wait()
      action()
      exit(128 + wait())
    }.detach()
  }

  private static func set() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    return signals
  }
}

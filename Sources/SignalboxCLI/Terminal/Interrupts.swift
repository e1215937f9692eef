import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The end of the pipe that the handler writes to.
///
/// `nonisolated(unsafe)`: set once before the handler is installed; a handler may read nothing that needs a
/// lock or a first use.
nonisolated(unsafe) private var handlerEnd: Int32 = -1

/// SIGINT and SIGTERM, passed on through a pipe: the handler writes one byte, everything else happens where
/// the pipe is read. (A blocked signal and `sigwait` will not do: the runtime's main thread unblocks it.)
enum Interrupts {
  private static let ends: (read: Int32, write: Int32) = {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe could be made")
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }()

  /// Keeps both signals for whoever waits.
  static func hold() {
    handlerEnd = ends.write
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(handlerEnd, &byte, 1)
        errno = before
      }
    }
  }

  /// Waits for one of them, blocking this thread, and returns it.
  static func wait() -> Int32 {
    var byte: UInt8 = 0
    while read(ends.read, &byte, 1) != 1 {}
    return Int32(byte)
  }

  /// Calls the closure on a thread of its own at the first one; the second ends the program at once.
  static func onFirst(_ action: @escaping @Sendable () -> Void) {
    SystemThread {
      _ = wait()
      action()
      exit(128 + wait())
    }.detach()
  }
}

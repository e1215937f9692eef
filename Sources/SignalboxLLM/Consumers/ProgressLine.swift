import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Shows on a terminal how far streams are: `ProgressView` with a place to print to.
///
/// ```
/// ⠹ openai/gpt-4o  128 chunks  2.1 KiB  3.2 s
/// ```
public final class ProgressLine: Sendable {
  private let descriptor: Int32
  private let view: Locked<ProgressView>

  /// `descriptor`: standard error unless given, so that a program's output stays its own.
  public init(descriptor: Int32 = 2) {
    self.descriptor = descriptor
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    view = Locked(ProgressView(isTerminal: isTerminal, columns: isKnown ? Int(size.ws_col) : 80))
  }

  /// Takes an event of any stream, and prints what follows from it. What cannot be printed is let go.
  public nonisolated(nonsending) func handle(_ event: StreamEvent) async {
    // Printed under the lock: two texts that are printed in another order than they were made draw over each other.
    view.withLock { view in
      var text = view.text(after: event)
      guard !text.isEmpty else { return }
      text.withUTF8 { bytes in
        var done = 0
        while done < bytes.count {
          let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return }
          done += count
        }
      }
    }
  }
}

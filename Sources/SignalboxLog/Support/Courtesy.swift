#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets other threads in between two pieces of work that takes long.
///
/// An event loop that wakes up on the core of such a thread has, often, just used more than its share, and the
/// scheduler looks again with its next tick, after up to four milliseconds. Whoever works for milliseconds therefore
/// asks by itself, every tenth of one or so; when nobody waits that costs a quarter of a microsecond.
struct Courtesy {
  /// False where work has piled up: then the thread takes its full share.
  var isShown = true
  private var pieces = 0

  /// To be called after each piece; lets others in after every `interval` of them.
  mutating func pieceDone(of interval: Int) {
    pieces += 1
    guard isShown, pieces >= interval else { return }
    pieces = 0
    sched_yield()
  }
}

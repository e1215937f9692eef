import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A descriptor that other threads write to when a loop has something to do.
///
/// Not `uv_async_t`: its sender marks the handle after its write, and the loop spins until it has. Where both share a
/// core, the write itself puts the loop in the sender's place, which then cannot do it: some fifty microseconds are
/// lost at every wake-up.
///
/// `@unchecked Sendable`: two descriptors that are open as long as the object lives.
final class WakeUp: @unchecked Sendable {
  /// Readable once `send` was called.
  let descriptor: Int32
  /// The other end of a pipe; the same where there is something better.
  private let sender: Int32

  init() throws(NetError) {
    #if canImport(Glibc)
      descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
      guard descriptor >= 0 else { throw NetError("make an event loop", code: -errno) }
      sender = descriptor
    #else
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw NetError("make an event loop", code: -errno) }
      for end in ends {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
      (descriptor, sender) = (ends[0], ends[1])
    #endif
  }

  deinit {
    if sender != descriptor { close(sender) }
    close(descriptor)
  }

  /// Makes the descriptor readable; from any thread.
  func send() {
    // Full means that the loop was told often enough.
    var one: UInt64 = 1
    _ = write(sender, &one, MemoryLayout<UInt64>.size)
  }

  /// Makes it unreadable again.
  func clear() {
    var told = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    let size = MemoryLayout.size(ofValue: told)
    while read(descriptor, &told, size) == size {}
  }
}

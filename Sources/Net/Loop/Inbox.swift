import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Work handed to a loop by other threads; a batch of it costs one wake-up.
///
/// `@unchecked Sendable`: `pending`, `isWoken`, `closed` and `owner` are used under the lock; `batch` and the handle belong to
/// the loop's thread.
final class Inbox: @unchecked Sendable {
  private let lock = Lock()
  private let wakeUp: WakeUp
  private let handle: UnsafeMutablePointer<uv_poll_t>
  private var pending: [@Sendable () -> Void] = []
  /// The loop was woken for what is pending.
  private var isWoken = false
  private var closed = false
  private var batch: [@Sendable () -> Void] = []
  private var owner: pthread_t?

  init(_ loop: UnsafeMutablePointer<uv_loop_t>) throws(NetError) {
    wakeUp = try WakeUp()
    handle = .allocate(capacity: 1)
    let code = uv_poll_init(loop, handle, wakeUp.descriptor)
    guard code == 0 else {
      handle.deallocate()
      throw NetError("make an event loop", code: code)
    }
    // Released in the handle's close callback.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_poll_start(handle, Int32(UV_READABLE.rawValue)) { handle, _, _ in
      Unmanaged<Inbox>.fromOpaque(handle!.pointee.data).takeUnretainedValue().drain()
    }
  }

  var isCurrent: Bool {
    lock.withLock { owner.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
  }

  func bindToThread() { lock.withLock { owner = pthread_self() } }

  /// Puts work in, and wakes the loop unless that is left to `wake`.
  func add(_ work: @escaping @Sendable () -> Void, wakes: Bool = true) {
    let isDue = lock.withLock {
      guard !closed else { return false }
      pending.append(work)
      guard wakes, !isWoken else { return false }
      isWoken = true
      return true
    }
    // After the lock is free: the loop wants it as soon as it wakes up.
    if isDue { wakeUp.send() }
  }

  /// Wakes the loop if it has work that it was not woken for.
  func wake() {
    let isDue = lock.withLock {
      guard !closed, !pending.isEmpty, !isWoken else { return false }
      isWoken = true
      return true
    }
    if isDue { wakeUp.send() }
  }

  private func drain() {
    // First, so that what is added from now on wakes the loop again.
    wakeUp.clear()
    lock.withLock {
      isWoken = false
      swap(&pending, &batch)
    }
    for work in batch { work() }
    batch.removeAll(keepingCapacity: batch.capacity <= 1024)
  }

  /// Closes the handle; what was not run yet is thrown away.
  func close() {
    let rest = lock.withLock {
      closed = true
      defer { pending = [] }
      return pending
    }
    // Freed outside the lock: a closure may own whatever it likes.
    _ = rest
    uv_poll_stop(handle)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      Unmanaged<Inbox>.fromOpaque(handle!.pointee.data).release()
      UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_poll_t.self).deallocate()
    }
  }
}

import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Work handed to a loop by other threads; a batch of it costs one wake-up.
///
/// `@unchecked Sendable`: `pending`, `closed` and the handle are used under the lock; `batch` and `owner`
/// belong to the loop's thread.
final class Inbox: @unchecked Sendable {
  private let lock = Lock()
  private let handle: UnsafeMutablePointer<uv_async_t>
  private var pending: [@Sendable () -> Void] = []
  private var closed = false
  private var batch: [@Sendable () -> Void] = []
  private var owner: pthread_t?

  init(_ loop: UnsafeMutablePointer<uv_loop_t>) {
    handle = .allocate(capacity: 1)
    uv_async_init(loop, handle) { handle in
      Unmanaged<Inbox>.fromOpaque(handle!.pointee.data).takeUnretainedValue().drain()
    }
    // Released in the handle's close callback.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  var isCurrent: Bool {
    lock.withLock { owner.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
  }

  func bindToThread() { lock.withLock { owner = pthread_self() } }

  func add(_ work: @escaping @Sendable () -> Void) {
    lock.withLock {
      guard !closed else { return }
      pending.append(work)
      if pending.count == 1 { uv_async_send(handle) }
    }
  }

  private func drain() {
    lock.withLock { swap(&pending, &batch) }
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
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      Unmanaged<Inbox>.fromOpaque(handle!.pointee.data).release()
      handle!.deallocate()
    }
  }
}

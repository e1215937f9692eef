#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A plain mutex: `Synchronization.Mutex` inherits priorities on Linux and degrades under contention.
///
/// `@unchecked Sendable`: guarding what several threads touch is what it is for.
final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init() { pthread_mutex_init(mutex, nil) }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inline(__always)
  func withLock<R>(_ body: () throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}

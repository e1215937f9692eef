#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A value that only one thread at a time can reach, guarded by a plain pthread mutex.
///
/// `Synchronization.Mutex` uses priority-inheritance futexes on Linux, which degrade under contention; this
/// is on the path of every event. Never call out, resume a continuation or await inside `withLock`.
///
/// `@unchecked Sendable`: what `value` points to is only touched between lock and unlock.
package final class Locked<Value: ~Copyable>: @unchecked Sendable {
  /// Behind a pointer because the lock already sees to it that one thread at a time comes in: the language's own check
  /// of every access would be paid on top.
  private let value: UnsafeMutablePointer<Value>
  /// On the heap because a pthread mutex must never move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  package init(_ value: consuming sending Value) {
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
    mutex = .allocate(capacity: 1)
    #if canImport(Glibc)
      // Spins for a moment before it sleeps: what is done under these locks is shorter than a sleep.
      var attributes = pthread_mutexattr_t()
      pthread_mutexattr_init(&attributes)
      pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
      pthread_mutex_init(mutex, &attributes)
      pthread_mutexattr_destroy(&attributes)
    #else
      pthread_mutex_init(mutex, nil)
    #endif
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
    value.deinitialize(count: 1)
    value.deallocate()
  }

  @inline(__always)
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value.pointee)
  }
}

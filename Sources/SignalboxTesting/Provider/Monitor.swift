#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A value that threads share and wait for.
///
/// `@unchecked Sendable`: `value` is only touched while the mutex is held.
final class Monitor<Value>: @unchecked Sendable {
  private var value: Value
  /// On the heap because they must never move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Changes the value and wakes all who wait for it.
  func change<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    defer { pthread_cond_broadcast(condition) }
    return body(&value)
  }

  /// Waits, blocking this thread, until `body` gives something; nil once `nanoseconds` have passed.
  func wait<Result>(upTo nanoseconds: Int64? = nil, _ body: (inout Value) -> Result?) -> Result? {
    var deadline = timespec()
    if let nanoseconds {
      clock_gettime(CLOCK_REALTIME, &deadline)
      let fraction = Int64(deadline.tv_nsec) + nanoseconds % 1_000_000_000
      deadline.tv_sec += Int(nanoseconds / 1_000_000_000 + fraction / 1_000_000_000)
      deadline.tv_nsec = Int(fraction % 1_000_000_000)
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      if nanoseconds == nil {
        pthread_cond_wait(condition, mutex)
      } else if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
        return body(&value)
      }
    }
  }
}

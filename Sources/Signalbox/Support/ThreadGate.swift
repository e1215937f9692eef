#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets a thread of its own sleep until there is something to do; opening it before anybody waits is remembered.
///
/// `@unchecked Sendable`: `isOpen` is only touched under the mutex; the others are set once.
package final class ThreadGate: @unchecked Sendable {
  private var isOpen = false
  /// On the heap because neither must ever move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func open() {
    pthread_mutex_lock(mutex)
    isOpen = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Waits until the gate is open, and closes it again; false when that took longer than so many seconds.
  package func wait(seconds: Int) -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += seconds
    pthread_mutex_lock(mutex)
    defer {
      isOpen = false
      pthread_mutex_unlock(mutex)
    }
    while !isOpen {
      if pthread_cond_timedwait(condition, mutex, &deadline) != 0 { return isOpen }
    }
    return true
  }
}

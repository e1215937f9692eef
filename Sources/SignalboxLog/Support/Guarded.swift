#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// State behind a pthread mutex, with a condition to wait on.
///
/// A plain mutex and not `Synchronization.Mutex`: that one cannot be waited on, and its priority inheritance
/// costs system calls under contention. Nothing is called out to while it is held.
///
/// `@unchecked Sendable`: the state is touched only while the mutex is held, which `with` and `wait` see to.
package final class Guarded<State>: @unchecked Sendable {
  private var state: State
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    #if canImport(Glibc)
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #else
      pthread_cond_init(condition, nil)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func with<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Changes the state and wakes one thread that waits.
  package func signal(_ body: (inout State) -> Void) {
    pthread_mutex_lock(mutex)
    body(&state)
    pthread_mutex_unlock(mutex)
    // After the mutex is free: who wakes up while it is held goes to sleep again at once.
    pthread_cond_signal(condition)
  }

  /// Changes the state and wakes all threads that wait.
  package func broadcast(_ body: (inout State) -> Void) {
    pthread_mutex_lock(mutex)
    body(&state)
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(condition)
  }

  /// Waits until `ready` answers something; it is asked at once and after each wake-up.
  package func wait<Result>(until ready: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = ready(&state) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }

  /// The same, but gives up after `milliseconds` and answers nil.
  package func wait<Result>(milliseconds: Int, until ready: (inout State) -> Result?) -> Result? {
    var deadline = timespec()
    #if canImport(Glibc)
      clock_gettime(CLOCK_MONOTONIC, &deadline)
    #else
      clock_gettime(CLOCK_REALTIME, &deadline)
    #endif
    deadline.tv_sec += milliseconds / 1000
    deadline.tv_nsec += milliseconds % 1000 * 1_000_000
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_sec += 1
      deadline.tv_nsec -= 1_000_000_000
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = ready(&state) { return result }
      guard pthread_cond_timedwait(condition, mutex, &deadline) == 0 else { return ready(&state) }
    }
  }
}

/// A lock that is handed on in the order it was asked for, so the writer, which takes it again at once, cannot
/// starve the upkeep threads.
final class TurnLock: Sendable {
  private let turns = Guarded((next: UInt64(0), serving: UInt64(0)))

  package func with<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let ticket = turns.with { turns in
      turns.next += 1
      return turns.next - 1
    }
    turns.wait { $0.serving == ticket ? () : nil }
    defer { turns.broadcast { $0.serving += 1 } }
    return try body()
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A thread of its own for work that blocks; the cooperative pool never blocks.
///
/// `@unchecked Sendable`: a pthread's name is a plain value; `join` may be called once, by one thread.
package struct SystemThread: @unchecked Sendable {
  private let thread: pthread_t

  package init(_ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(body: body)).toOpaque()
    #if canImport(Glibc)
      var created = pthread_t()
      let result = pthread_create(&created, nil, { run($0!) }, start)
    #else
      var created: pthread_t!
      let result = pthread_create(&created, nil, { run($0) }, start)
    #endif
    precondition(result == 0, "no thread could be started")
    thread = created
  }

  /// Waits until the thread has returned.
  package func join() { pthread_join(thread, nil) }

  /// Nobody will wait for the thread.
  package func detach() { pthread_detach(thread) }
}

private final class Start: Sendable {
  let body: @Sendable () -> Void

  init(body: @escaping @Sendable () -> Void) { self.body = body }
}

private func run(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<Start>.fromOpaque(start).takeRetainedValue().body()
  return nil
}

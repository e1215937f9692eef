import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An HTTP server over several loops: accepts on the first, hands connections out in turn.
///
/// `@unchecked Sendable`: workers and the listener belong to their loops; the counters are locked.
package final class HTTPServer: @unchecked Sendable {
  private let limits: HTTPServerLimits
  private let workers: [HTTPWorker]
  private let lock = Lock()
  private var count = 0
  private var whenEmpty: (@Sendable () -> Void)?
  private var listener: Listener?
  private var next = 0

  /// The loops are started by the caller; `service` is called once on each.
  package init(
    loops: [EventLoop], limits: HTTPServerLimits = HTTPServerLimits(),
    service: @escaping @Sendable (EventLoop) -> any HTTPService
  ) {
    precondition(!loops.isEmpty, "a server needs a loop")
    self.limits = limits
    workers = loops.map { HTTPWorker(loop: $0, limits: limits) }
    for worker in workers { worker.loop.execute { worker.service = service(worker.loop) } }
  }

  /// Listens; port 0 takes a free one. Gives the address that was bound.
  package func start(host: String, port: Int) throws(NetError) -> (host: String, port: Int) {
    let socket = try ListeningSocket(host: host, port: port)
    let loop = workers[0].loop
    loop.execute {
      // Weak: the loop closes a listener that nobody stopped, and the two must not keep each other.
      self.listener = Listener(loop: loop, socket: socket) { [weak self] in self?.adopt($0, $1) }
    }
    return (socket.host, socket.port)
  }

  /// Connections that are open now.
  package var connectionCount: Int { lock.withLock { count } }

  /// Closes the listening socket; connections go on.
  package func stopAccepting() {
    workers[0].loop.execute {
      self.listener?.close()
      self.listener = nil
    }
  }

  /// Stops accepting, lets running answers finish, closes the rest after `ms` milliseconds, then calls `done`
  /// on one of the loops.
  package func drain(within ms: UInt64, _ done: @escaping @Sendable () -> Void) {
    stopAccepting()
    let isEmpty = lock.withLock {
      if count > 0 { whenEmpty = done }
      return count == 0
    }
    if isEmpty { return workers[0].loop.execute(done) }
    for worker in workers {
      worker.loop.execute {
        worker.drain()
        worker.loop.timer(after: ms) { worker.closeAll() }
      }
    }
  }

  /// On the first loop: a connection was accepted.
  private func adopt(_ socket: Int32, _ peer: PeerAddress) {
    let admitted = lock.withLock {
      guard count < limits.connections else { return false }
      count += 1
      return true
    }
    guard admitted else { return turnAway(socket) }
    let worker = workers[next % workers.count]
    next += 1
    if worker.loop.isCurrent {
      worker.adopt(socket, peer) { self.gone() }
    } else {
      worker.loop.execute { worker.adopt(socket, peer) { self.gone() } }
    }
  }

  private func gone() {
    let done = lock.withLock {
      count -= 1
      defer { if count == 0 { whenEmpty = nil } }
      return count == 0 ? whenEmpty : nil
    }
    done?()
  }

  private func turnAway(_ socket: Int32) {
    let answer: StaticString =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 22\r\nRetry-After: 1\r\nConnection: close\r\n\r\nToo many connections.\n"
    _ = write(socket, answer.utf8Start, answer.utf8CodeUnitCount)
    shutdown(socket, Int32(SHUT_WR))
    close(socket)
  }
}

/// A server's part on one loop.
///
/// `@unchecked Sendable`: used on its loop only, after it was made.
final class HTTPWorker: @unchecked Sendable {
  let loop: EventLoop
  private let limits: HTTPServerLimits
  var service: (any HTTPService)?

  init(loop: EventLoop, limits: HTTPServerLimits) {
    self.loop = loop
    self.limits = limits
  }

  func adopt(_ socket: Int32, _ peer: PeerAddress, _ gone: @escaping () -> Void) {
    guard let service,
      let connection = try? Connection(
        loop: loop, socket: socket, peer: peer, stallSeconds: limits.stallSeconds)
    else {
      close(socket)
      return gone()
    }
    connection.onClosed = gone
    let driver = HTTPDriver(connection, service, limits)
    connection.driver = driver
    driver.start()
  }

  func drain() {
    service?.drain()
    for connection in loop.shared.open { connection.driver?.drain() }
  }

  func closeAll() {
    for connection in loop.shared.open { connection.close() }
  }
}

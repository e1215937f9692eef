import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A socket that listens.
struct ListeningSocket: Sendable {
  let descriptor: Int32
  let host: String
  let port: Int

  init(host: String, port: Int) throws(NetError) {
    let action = "listen on \(host):\(port)"
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0, let found else { throw NetError(action, reason: String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(found) }
    descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype, found.pointee.ai_protocol)
    guard descriptor >= 0 else { throw NetError(action, code: -errno) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0,
      listen(descriptor, 4096) == 0
    else {
      let error = errno
      close(descriptor)
      throw NetError(action, code: -error)
    }
    let bound = boundAddress(descriptor)
    self.host = bound.host
    self.port = Int(bound.port)
  }
}

/// Accepts connections on a loop.
final class Listener {
  private let loop: EventLoop
  private let socket: ListeningSocket
  private let poll: UnsafeMutablePointer<uv_poll_t>
  private let accepted: (Int32, PeerAddress) -> Void
  /// A descriptor kept in hand, to be able to refuse when there are no more.
  private var spare = Listener.openSpare()
  private var isClosed = false

  init(loop: EventLoop, socket: ListeningSocket, accepted: @escaping (Int32, PeerAddress) -> Void) {
    self.loop = loop
    self.socket = socket
    self.accepted = accepted
    poll = .allocate(capacity: 1)
    uv_poll_init(loop.uv, poll, socket.descriptor)
    // Released in the handle's close callback.
    poll.pointee.data = Unmanaged.passRetained(self).toOpaque()
    resume()
    loop.atStop { [weak self] in self?.close() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    uv_poll_stop(poll)
    uv_close(UnsafeMutableRawPointer(poll).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      let memory = UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_poll_t.self)
      let listener = Unmanaged<Listener>.fromOpaque(memory.pointee.data)
      closeDescriptor(listener.takeUnretainedValue().socket.descriptor)
      closeDescriptor(listener.takeUnretainedValue().spare)
      memory.deallocate()
      listener.release()
    }
  }

  private func resume() {
    guard !isClosed else { return }
    uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
      Unmanaged<Listener>.fromOpaque(poll!.pointee.data).takeUnretainedValue().acceptSome()
    }
  }

  private func acceptSome() {
    for _ in 0..<64 where !isClosed {
      var address = sockaddr_storage()
      let descriptor = acceptOne(socket.descriptor, &address)
      if descriptor >= 0 {
        accepted(descriptor, PeerAddress(address))
        continue
      }
      switch errno {
      case EMFILE, ENFILE: return refuseOne()
      case ENOBUFS, ENOMEM: return pause()
      case EINTR, ECONNABORTED: continue
      default: return
      }
    }
  }

  /// Out of descriptors: gives the spare one away to take a connection and drop it, so that its peer is told
  /// and the loop does not spin; then waits a little.
  private func refuseOne() {
    closeDescriptor(spare)
    var address = sockaddr_storage()
    let descriptor = acceptOne(socket.descriptor, &address)
    closeDescriptor(descriptor)
    spare = Listener.openSpare()
    pause()
  }

  private func pause() {
    uv_poll_stop(poll)
    loop.timer(after: 100) { [weak self] in self?.resume() }
  }

  private static func openSpare() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
}

private func boundAddress(_ descriptor: Int32) -> PeerAddress {
  var address = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = getsockname(descriptor, $0, &length)
    }
  }
  return PeerAddress(address)
}

private func closeDescriptor(_ descriptor: Int32) { if descriptor >= 0 { close(descriptor) } }

/// Accepts a connection, non-blocking and closed on exec.
private func acceptOne(_ socket: Int32, _ address: inout sockaddr_storage) -> Int32 {
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  return withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
      #if canImport(Glibc)
        return cuv_accept4(socket, pointer, &length, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
      #else
        let descriptor = accept(socket, pointer, &length)
        if descriptor >= 0 {
          _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
          _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        return descriptor
      #endif
    }
  }
}

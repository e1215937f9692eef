import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A TCP server with a thread for each connection: for tests and replays, not for crowds.
final class LoopbackServer: Sendable {
  private struct State {
    var open: [Int32] = []
    var isStopped = false
  }

  let port: UInt16
  private let listener: Int32
  private let state = Locked(State())

  /// Listens at once. `serve` is called on a thread of its own for each connection, with its number from 0; the
  /// connection is closed when it returns.
  init(
    host: String, port: UInt16, serve: @escaping @Sendable (LoopbackConnection) -> Void
  ) throws(ProviderError) {
    (listener, self.port) = try Self.listen(host: host, port: port)
    SystemThread { [self] in
      accept(serve)
      // By whoever accepts: a number that was given out again would be another server's, whose connections it took.
      #if canImport(Glibc)
        close(listener)
      #endif
    }.detach()
  }

  private func accept(_ serve: @escaping @Sendable (LoopbackConnection) -> Void) {
    var number = 0
    while true {
      let descriptor = systemAccept(listener)
      if descriptor < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        if errno == EMFILE || errno == ENFILE {
          // Others must let go of theirs; the connection waits in the backlog.
          usleep(10_000)
          continue
        }
        return
      }
      let isStopped = state.withLock { state in
        if !state.isStopped { state.open.append(descriptor) }
        return state.isStopped
      }
      if isStopped {
        close(descriptor)
        return
      }
      let connection = LoopbackConnection(descriptor: descriptor, number: number)
      number += 1
      SystemThread { [self] in
        serve(connection)
        // Closed under the lock so that `stop` never shuts down a number that was given out again.
        state.withLock { state in
          state.open.removeAll { $0 == descriptor }
          _ = close(descriptor)
        }
      }.detach()
    }
  }

  /// Ends the server and every connection.
  func stop() {
    state.withLock { state in
      guard !state.isStopped else { return }
      state.isStopped = true
      // Wakes the thread that accepts, which ends with it.
      shutdown(listener, Int32(SHUT_RDWR))
      #if !canImport(Glibc)
        // There only closing does.
        close(listener)
      #endif
      for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  private static func listen(host: String, port: UInt16) throws(ProviderError) -> (Int32, UInt16) {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let failure = getaddrinfo(host, String(port), &hints, &found)
    guard failure == 0, let found else {
      throw ProviderError("\(host) is no address of this machine: \(String(cString: gai_strerror(failure)))")
    }
    defer { freeaddrinfo(found) }
    let address = found.pointee
    let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
    guard descriptor >= 0 else { throw ProviderError("no socket: \(String(cString: strerror(errno)))") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, systemListen(descriptor, 1024) == 0
    else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw ProviderError("cannot listen on \(host):\(port): \(reason)")
    }
    var bound = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let number = withUnsafeMutablePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
      // The port lies at the same place in the addresses of both families.
      return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port }
    }
    return (descriptor, UInt16(bigEndian: number))
  }
}

/// The server's end of a connection.
struct LoopbackConnection: Sendable {
  let descriptor: Int32
  let number: Int

  /// Sends all of it, in packets of its own; false when the client has gone.
  func send(_ bytes: [UInt8]) -> Bool {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    return bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = systemSend(descriptor, bytes.baseAddress! + done, bytes.count - done, flags)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }

  /// What came; empty when the client has closed.
  func receive() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      repeat {
        count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
      } while count < 0 && errno == EINTR
      count = max(0, count)
    }
  }

  /// Every `send` leaves at once.
  func sendAtOnce() {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    #if !canImport(Glibc)
      // What `MSG_NOSIGNAL` does elsewhere.
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }

  /// Closing after this sends a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}

private func systemAccept(_ listener: Int32) -> Int32 { accept(listener, nil, nil) }
private func systemListen(_ descriptor: Int32, _ backlog: Int32) -> Int32 { listen(descriptor, backlog) }
private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int, _ flags: Int32) -> Int {
  send(descriptor, bytes, count, flags)
}

import Glibc
import Signalbox
import Synchronization

/// A TCP server on a free port of the loopback whose answers are written byte by byte by the test.
final class RawServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let connections = Locked<[Int32]>([])
  private let count = Atomic<Int>(0)

  /// How many connections were made.
  var connectionCount: Int { count.load(ordering: .sequentiallyConsistent) }
  var url: String { "http://127.0.0.1:\(port)" }

  /// `serve` runs on a thread of its own for each connection; the connection is closed when it returns.
  init(_ serve: @escaping @Sendable (Connection) -> Void) {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener, raw, length)
        listen(listener, 1024)
        getsockname(listener, raw, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    startThread { [self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else {
          // Closed here, where it is used: a number that was given out again would be another server's.
          close(listener)
          return
        }
        count.add(1, ordering: .sequentiallyConsistent)
        connections.withLock { $0.append(descriptor) }
        startThread {
          serve(Connection(descriptor: descriptor))
          // Closed under the lock so that `stop` never shuts down a number that was given out again.
          self.connections.withLock { open in
            open.removeAll { $0 == descriptor }
            _ = close(descriptor)
          }
        }
      }
    }
  }

  /// Ends the server and every connection; to be called at the end of each test.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    connections.withLock { open in for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }
}

/// The server's end of a connection.
struct Connection: Sendable {
  let descriptor: Int32

  /// Reads a request with its body (by Content-Length); nil when the client has closed.
  func readRequest() -> String? {
    var bytes: [UInt8] = []
    var headEnd: Int?
    while true {
      if headEnd == nil { headEnd = Self.end(of: bytes) }
      if let headEnd, bytes.count >= headEnd + Self.length(bytes[..<headEnd]) {
        return String(decoding: bytes, as: UTF8.self)
      }
      var piece = [UInt8](repeating: 0, count: 65536)
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      bytes.append(contentsOf: piece[..<count])
    }
  }

  func send(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Closing after this sends a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Waits until the client has closed.
  func waitForClose() {
    var byte: UInt8 = 0
    while recv(descriptor, &byte, 1, 0) > 0 {}
  }

  private static func end(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for at in 0...(bytes.count - 4) where bytes[at..<at + 4].elementsEqual("\r\n\r\n".utf8) { return at + 4 }
    return nil
  }

  private static func length(_ head: ArraySlice<UInt8>) -> Int {
    for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    where line.lowercased().hasPrefix("content-length:") {
      return Int(line.dropFirst(15).filter { $0 != " " }) ?? 0
    }
    return 0
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
  var thread = pthread_t()
  let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
  pthread_create(
    &thread, nil,
    {
      Unmanaged<ThreadBody>.fromOpaque($0!).takeRetainedValue().run()
      return nil
    }, argument)
  pthread_detach(thread)
}

import Glibc
import SignalboxLog
import Synchronization

/// A provider on a free port of the loopback: the test writes its answers byte by byte, and what it was asked is
/// kept.
final class ScriptedUpstream: Sendable {
  let port: UInt16
  private let listener: Int32
  private let asked = Guarded<[String]>([])
  private let open = Guarded<[Int32]>([])
  private let accepted = Atomic<Int>(0)

  var url: String { "http://127.0.0.1:\(port)" }
  /// Every request, as it came over the wire.
  var requests: [String] { asked.with { $0 } }
  var connectionCount: Int { accepted.load(ordering: .sequentiallyConsistent) }

  /// `answer` is called for every request of every connection, on the connection's thread; a connection for which it
  /// gives false is closed.
  init(_ answer: @escaping @Sendable (UpstreamConnection, String) -> Bool) {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener, raw, length)
        listen(listener, 256)
        getsockname(listener, raw, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    runThread { [self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        accepted.add(1, ordering: .sequentiallyConsistent)
        open.with { $0.append(descriptor) }
        runThread {
          let connection = UpstreamConnection(descriptor: descriptor)
          while let request = connection.readRequest() {
            self.asked.with { $0.append(request) }
            guard answer(connection, request) else { break }
          }
          self.open.with { open in
            open.removeAll { $0 == descriptor }
            _ = close(descriptor)
          }
        }
      }
    }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    open.with { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }
}

/// The provider's end of a connection.
struct UpstreamConnection: Sendable {
  let descriptor: Int32

  /// A request with its body (by Content-Length); nil when the gateway has closed.
  func readRequest() -> String? {
    var bytes: [UInt8] = []
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let length = text[..<end.lowerBound].split(separator: "\r\n")
          .first { $0.lowercased().hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
        if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
      }
      var piece = [UInt8](repeating: 0, count: 1 << 20)
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      bytes.append(contentsOf: piece[..<count])
    }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Sends every piece in a packet of its own.
  func send(pieces: [[UInt8]]) {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    for piece in pieces { send(piece) }
  }

  /// Closing after this sends a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}

/// A head and a body with its length.
func answer(_ body: String, status: String = "200 OK", headers: String = "") -> String {
  "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A head of a stream in chunks.
let streamHead =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n"

/// One chunk of a chunked body.
func httpChunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

/// Holds a thread until it is opened.
final class Gate: Sendable {
  private let state = Guarded(false)

  func open() { state.broadcast { $0 = true } }
  func wait() { state.wait { $0 ? () : nil } }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runThread(_ body: @escaping @Sendable () -> Void) {
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

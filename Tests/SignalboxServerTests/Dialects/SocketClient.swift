import Glibc
import Signalbox
import Wire

/// A WebSocket client over a plain socket, which a thread of its own reads; gives up after 20 s without a byte.
final class SocketClient {
  struct Failure: Error { let what: String }

  private let descriptor: Int32
  private var texts: AsyncStream<String>.Iterator

  /// - Parameter url: of the server, as `Server.listen` gives it.
  init(_ url: String, _ path: String) throws {
    guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Failure(what: url) }
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    texts = stream.makeAsyncIterator()
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(what: "connect: errno \(errno)") }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    try send(
      Array(
        """
        GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """.utf8))
    let handle = descriptor
    SystemThread {
      Self.read(handle) { continuation.yield($0) }
      continuation.finish()
    }.detach()
  }

  deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Reads until the end, and closes the socket.
  private static func read(_ descriptor: Int32, _ tell: (String) -> Void) {
    defer { close(descriptor) }
    var decoder = WebSocketDecoder(role: .client, maxMessage: 64 << 20)
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    var head: [UInt8] = []
    var isOver = false
    while !isOver {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      var rest = Array(chunk[..<count])
      while !rest.isEmpty, !head.suffix(4).elementsEqual("\r\n\r\n".utf8) { head.append(rest.removeFirst()) }
      rest.withUnsafeMutableBytes { window in
        var at = 0
        while at < window.count, !isOver {
          switch decoder.next(window, from: &at) {
          case .text(let payload): tell(String(decoding: payload, as: UTF8.self))
          case .close(let code, _):
            tell("close \(code.rawValue)")
            isOver = true
          case .error(let error):
            tell("error \(error.message)")
            isOver = true
          default: break
          }
        }
      }
    }
  }

  private func send(_ bytes: [UInt8]) throws {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    guard count == bytes.count else { throw Failure(what: "send: errno \(errno)") }
  }

  func send(_ text: String) throws {
    var writer = ByteWriter()
    Array(text.utf8).withUnsafeBytes { writer.append(maskedWebSocket: .text, $0, mask: 0x1234_5678) }
    try send(Array(writer.raw))
  }

  /// The next text; `close 4409` and the like for the end.
  func next() async throws -> String {
    guard let text = await texts.next() else { throw Failure(what: "nothing more came") }
    return text
  }

  /// The next text that contains `part`.
  func next(with part: String) async throws -> String {
    while true {
      let text = try await next()
      if text.contains(part) || text.hasPrefix("close") { return text }
    }
  }
}

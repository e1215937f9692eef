import Glibc

/// A blocking TCP client that sends and reads raw bytes; gives up after 10 s without a byte.
final class RawClient {
  let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(what: "connect: errno \(errno)") }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  struct Failure: Error { let what: String }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(what: "send: errno \(errno)") }
      sent += count
    }
  }

  private var buffered: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 64 << 10)

  private func fill() throws -> Bool {
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count >= 0 else { throw Failure(what: "recv: errno \(errno)") }
    buffered += chunk[..<count]
    return count > 0
  }

  func read(_ count: Int) throws -> [UInt8] {
    while buffered.count < count {
      guard try fill() else { throw Failure(what: "closed after \(buffered.count) of \(count) bytes") }
    }
    defer { buffered.removeFirst(count) }
    return Array(buffered[..<count])
  }

  /// Everything until the peer closes.
  func readAll() throws -> String {
    while try fill() {}
    defer { buffered = [] }
    return String(decoding: buffered, as: UTF8.self)
  }

  struct Answer {
    var status: Int
    var head: String
    var body: String
  }

  /// One answer with a Content-Length, in chunks, or up to the end.
  func answer(bodyless: Bool = false) throws -> Answer {
    let head = try readLine(upTo: "\r\n\r\n")
    let status = Int(head.split(separator: " ")[1])!
    let lower = head.lowercased()
    var body = ""
    if bodyless || status < 200 || status == 204 || status == 304 {
      return Answer(status: status, head: head, body: "")
    }
    if let range = lower.firstRange(of: "content-length: ") {
      let count = Int(lower[range.upperBound...].prefix { $0.isNumber })!
      body = String(decoding: try read(count), as: UTF8.self)
    } else if lower.contains("transfer-encoding: chunked") {
      while true {
        let line = try readLine(upTo: "\r\n")
        guard let size = Int(line.dropLast(1), radix: 16) else { throw Failure(what: "not a chunk: \(line)") }
        body += String(decoding: try read(size), as: UTF8.self)
        _ = try read(2)
        if size == 0 { break }
      }
    } else {
      body = try readAll()
    }
    return Answer(status: status, head: head, body: body)
  }

  private func readLine(upTo end: String) throws -> String {
    let end = Array(end.utf8)
    var line: [UInt8] = []
    while !line.suffix(end.count).elementsEqual(end) { line += try read(1) }
    return String(decoding: line, as: UTF8.self)
  }
}

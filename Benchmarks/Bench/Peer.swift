import Glibc
import Signalbox

/// A blocking connection over loopback that asks one thing after the other.
final class Peer {
  private let descriptor: Int32

  init(port: Int) throws(Failure) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var address = Self.loopback(port)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      close(descriptor)
      throw Failure("nobody listens on port \(port)")
    }
  }

  deinit { close(descriptor) }

  /// The body of the answer to a GET; every status but 200 is a failure.
  func get(_ path: String) throws(Failure) -> [UInt8] {
    let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
    guard
      request.withUnsafeBytes({ send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
        == request.count
    else { throw Failure("\(path): the connection is gone") }
    var data: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var wanted: Int?
    while wanted.map({ data.count < $0 }) ?? true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { throw Failure("\(path): the answer ended early") }
      data += chunk[..<count]
      if wanted == nil { wanted = try Self.size(of: data, path) }
    }
    let start = data.firstRange(of: Array("\r\n\r\n".utf8))!.upperBound
    return Array(data[start...])
  }

  func json(_ path: String) throws(Failure) -> JSONValue {
    let body = try get(path)
    guard let value = try? JSONValue(parsing: body) else { throw Failure("\(path) is not JSON") }
    return value
  }

  /// How long head and body are, once the head is there.
  private static func size(of data: [UInt8], _ path: String) throws(Failure) -> Int? {
    guard let end = data.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    guard lines.first?.contains(" 200 ") == true else { throw Failure("\(path): \(lines.first ?? "")") }
    for line in lines where line.lowercased().hasPrefix("content-length:") {
      if let length = Int(line.split(separator: ":")[1].filter(\.isNumber)) { return end.upperBound + length }
    }
    throw Failure("\(path): an answer without a length")
  }

  static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A port that was free a moment ago.
  static func freePort() throws(Failure) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard code else { throw Failure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Waits until somebody listens.
  static func untilListening(_ port: Int, _ child: Child, patience: Double, log: String) throws(Failure) {
    let limit = Clock.now + patience
    while (try? Peer(port: port)) == nil {
      guard child.isRunning, Clock.now < limit else {
        throw Failure("\(child.command.prefix(80)) does not listen.\(Files.tail(log))")
      }
      Clock.sleep(0.02)
    }
  }
}

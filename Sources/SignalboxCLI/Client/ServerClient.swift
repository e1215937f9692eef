import Fetch
import JSONScan
import Wire

/// Talks to a Signalbox server: where it is, which key opens it, and what its errors mean.
struct ServerClient: Sendable {
  /// Options of every command that talks to a server.
  static let options: [Option] = [
    .value(
      "url", "URL", environment: "SIGNALBOX_URL", default: "http://127.0.0.1:7446", "Where the server is"),
    .value("key", "KEY", environment: "SIGNALBOX_KEY", "Key for a server that asks for one"),
  ]

  /// Without a slash at its end.
  let base: String
  let key: String?
  private let client: FetchClient

  init(_ arguments: Arguments, client: FetchClient = .shared) throws(UsageError) {
    var base = arguments.text("url") ?? "http://127.0.0.1:7446"
    guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
      throw UsageError("--url takes an address such as http://127.0.0.1:7446, not '\(base)'")
    }
    while base.hasSuffix("/") { base.removeLast() }
    self.base = base
    key = arguments.text("key")
    self.client = client
  }

  /// The response to a request, whatever its status; fails only when there is none.
  func send(
    _ method: String, _ path: String, body: SharedBytes? = nil, headers: [FetchHeader] = [],
    timeouts: FetchTimeouts = ServerClient.short
  ) async throws -> FetchResponse {
    var all = headers
    if let key { all.append(FetchHeader("Authorization", "Bearer \(key)")) }
    if body != nil, !headers.contains(where: { $0.name == "Content-Type" }) {
      all.append(FetchHeader("Content-Type", "application/json"))
    }
    do {
      return try await client.send(
        FetchRequest(method, base + path, headers: all, body: body, timeouts: timeouts))
    } catch {
      throw unreachable(error)
    }
  }

  /// The body of a successful response.
  func call(
    _ method: String, _ path: String, body: SharedBytes? = nil, headers: [FetchHeader] = []
  ) async throws -> SharedBytes {
    let response = try await send(method, path, body: body, headers: headers)
    let bytes = SharedBytes(try await response.body.collect(limit: 256 << 20))
    guard (200..<300).contains(response.status) else { throw refusal(response.status, bytes) }
    return bytes
  }

  /// Why the server said no, in its own words.
  func refusal(_ status: Int, _ body: SharedBytes) -> Failure {
    let parser = JSONParser()
    var message = "the server at \(base) answered \(status)"
    var fix = ""
    if let root = try? parser.scan(copying: body.raw).root, let error = root["error"] {
      if let said = error["message"]?.string { message += ": \(PlainText.line(said))" }
      if let field = error["field"]?.string { message += " (\(PlainText.line(field)))" }
      fix = PlainText.line(error["hint"]?.string ?? "")
    }
    withExtendedLifetime(parser) {}
    if status == 401, fix.isEmpty { fix = "Give a key with --key or SIGNALBOX_KEY (signalbox keys add)." }
    return Failure(message: message, fix: fix)
  }

  private func unreachable(_ error: FetchError) -> Failure {
    Failure(
      message: "no server answers at \(base): \(error.message)",
      fix: "Start one with `signalbox serve`, or say where it is with --url or SIGNALBOX_URL.")
  }

  /// For everything that is answered at once.
  static let short = FetchTimeouts(connect: .seconds(5), firstByte: .seconds(30), idle: .seconds(30))
}

/// The query of a URL, escaped (RFC 3986 §2.3).
struct Query {
  private(set) var text = ""

  mutating func add(_ name: String, _ value: String) {
    text += text.isEmpty ? "?" : "&"
    text += "\(name)=\(Self.escaped(value))"
  }

  static func escaped(_ text: String) -> String {
    var writer = ByteWriter(capacity: text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: writer.append(byte)
      default:
        writer.append(UInt8(ascii: "%"))
        let digits = Array("0123456789ABCDEF".utf8)
        writer.append(digits[Int(byte >> 4)])
        writer.append(digits[Int(byte & 15)])
      }
    }
    return writer.string
  }
}

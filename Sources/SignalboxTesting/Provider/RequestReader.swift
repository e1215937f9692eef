import Wire

/// Reads the requests of a connection one after another.
struct RequestReader {
  private static let bodyLimit = 256 << 20

  private let connection: LoopbackConnection
  private var buffer: [UInt8] = []

  init(_ connection: LoopbackConnection) { self.connection = connection }

  /// The next request and whether the connection may be kept; nil when the client has closed, or what it sent is no
  /// request.
  mutating func next() -> (ReceivedRequest, keepAlive: Bool)? {
    var parser = HTTPRequestParser()
    while true {
      let step = buffer.isEmpty ? .needMore : buffer.withUnsafeBytes { parser.parse($0) }
      switch step {
      case .needMore:
        guard fill() else { return nil }
      case .error: return nil
      case .head(let head, let consumed):
        buffer.removeFirst(consumed)
        if head.expectsContinue, !connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) { return nil }
        guard let body = body(head.body) else { return nil }
        var headers: [(name: String, value: String)] = []
        head.forEachField { name, value in
          headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        let request = ReceivedRequest(
          method: head.methodName, path: head.target, headers: headers, body: body,
          connection: connection.number)
        return (request, head.keepAlive)
      }
    }
  }

  private mutating func fill() -> Bool {
    let piece = connection.receive()
    buffer += piece
    return !piece.isEmpty
  }

  private mutating func body(_ kind: HTTPRequestHead.Body) -> [UInt8]? {
    switch kind {
    case .none: return []
    case .length(let length):
      guard length <= Self.bodyLimit else { return nil }
      while buffer.count < length { guard fill() else { return nil } }
      defer { buffer.removeFirst(length) }
      return Array(buffer[..<length])
    case .chunked:
      var decoder = HTTPChunkedDecoder()
      var body: [UInt8] = []
      var at = 0
      while body.count <= Self.bodyLimit {
        switch buffer.withUnsafeBytes({ decoder.next($0, from: at) }) {
        case .data(let range, let upTo):
          body += buffer[range]
          at = upTo
        case .end(let upTo):
          buffer.removeFirst(upTo)
          return body
        case .needMore:
          buffer = []
          at = 0
          guard fill() else { return nil }
        case .error: return nil
        }
      }
      return nil
    }
  }
}

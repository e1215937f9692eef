import Wire

extension Property {
  /// The input is a connection's bytes. What is read must not depend on how they are split.
  static let httpRequest = Property("http-request") { bytes in
    Pieces.agree(bytes, step: 1 + Int(bytes.first ?? 0) % 64) { read(bytes, step: $0) }
  }
}

/// Everything that requests on a connection say, when it brings `step` bytes at a time.
private func read(_ bytes: [UInt8], step: Int) -> [String] {
  var seen: [String] = []
  var parser = HTTPRequestParser()
  var chunks: HTTPChunkedDecoder?
  var skip = 0
  var begin = 0
  var end = 0
  while end < bytes.count {
    end = min(end + step, bytes.count)
    // A copy a step, so that reading outside of it is found.
    let window = Array(bytes[begin..<end])
    var at = 0
    requests: while at < window.count {
      if skip > 0 {
        let count = min(skip, window.count - at)
        skip -= count
        at += count
      } else if chunks != nil {
        switch window.withUnsafeBytes({ chunks!.next($0, from: at) }) {
        case .needMore: at = window.count
        case .data(let range, let upTo):
          for byte in window[range] { seen.append("byte \(byte)") }
          at = upTo
        case .end(let upTo):
          seen.append("end of body")
          chunks = nil
          at = upTo
        case .error(let error): return seen + ["\(error)"]
        }
      } else {
        switch window[at...].withUnsafeBytes({ parser.parse($0) }) {
        case .needMore: break requests
        case .head(let head, let consumed):
          seen.append(describe(head))
          at += consumed
          if case .length(let count) = head.body { skip = count }
          if head.body == .chunked { chunks = HTTPChunkedDecoder() }
        case .error(let error): return seen + ["\(error)"]
        }
      }
    }
    begin += at
  }
  return seen
}

private func describe(_ head: HTTPRequestHead) -> String {
  var text = "\(head.methodName) \(head.path) \(head.rawQuery) \(head.body) \(head.keepAlive)"
  text += " \(head.expectsContinue) \(head.wantsUpgrade) \(head.pathSegments) \(head.query.items)"
  head.forEachField { name, value in
    text += "\n" + String(decoding: name, as: UTF8.self) + ":" + String(decoding: value, as: UTF8.self)
  }
  return text
}

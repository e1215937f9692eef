import Wire

extension Property {
  /// The input's first byte picks the role, the rest is what the peer sends. What is read must not depend on how it is
  /// split.
  static let webSocket = Property("websocket") { bytes in
    guard let first = bytes.first else { return }
    let role: WebSocketDecoder.Role = first & 1 == 0 ? .server : .client
    let rest = Array(bytes[1...])
    Pieces.agree(rest, step: 1 + Int(first >> 1)) { read(rest, role, step: $0) }
  }
}

private func read(_ bytes: [UInt8], _ role: WebSocketDecoder.Role, step: Int) -> [String] {
  var decoder = WebSocketDecoder(role: role, maxMessage: 4096)
  var seen: [String] = []
  var begin = 0
  while begin < bytes.count {
    let end = min(begin + step, bytes.count)
    var window = Array(bytes[begin..<end])
    begin = end
    let goesOn = window.withUnsafeMutableBytes { window in
      var at = 0
      while true {
        switch decoder.next(window, from: &at) {
        case .needMore:
          precondition(at == window.count)
          return true
        case .text(let payload):
          precondition(String(validating: payload, as: UTF8.self) != nil, "a text that is not UTF-8")
          seen.append("text \(Array(payload))")
        case .binary(let payload): seen.append("binary \(Array(payload))")
        case .ping(let payload): seen.append("ping \(Array(payload))")
        case .pong(let payload): seen.append("pong \(Array(payload))")
        case .close(let code, let reason):
          seen.append("close \(code.rawValue) \(Array(reason))")
          return false
        case .error(let error):
          seen.append("\(error)")
          return false
        }
      }
    }
    guard goesOn else { break }
  }
  return seen
}

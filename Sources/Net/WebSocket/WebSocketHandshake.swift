import COpenSSL
import Wire

/// The value of Sec-WebSocket-Accept for a request, or why it cannot become a WebSocket (RFC 6455 §4.2).
func webSocketAccept(_ head: HTTPRequestHead) -> Result<String, HTTPError> {
  func refuse(_ message: String) -> Result<String, HTTPError> { .failure(HTTPError(400, message)) }
  guard head.method == .get else { return refuse("A WebSocket begins with GET.") }
  guard head.minorVersion == 1 else { return refuse("A WebSocket needs HTTP/1.1.") }
  guard head.wantsUpgrade, head.field("upgrade", contains: "websocket") else {
    return .failure(
      HTTPError(426, "This address is a WebSocket: send Connection: Upgrade and Upgrade: websocket."))
  }
  guard head.body == .none else { return refuse("A WebSocket's request has no body.") }
  guard head.value("sec-websocket-version") == "13" else {
    return .failure(HTTPError(426, "The WebSocket version spoken here is 13."))
  }
  guard let key = head.value("sec-websocket-key"), isWebSocketKey(key) else {
    return refuse("Sec-WebSocket-Key is not the base64 of 16 bytes.")
  }
  return .success(acceptValue(key: key))
}

private func isWebSocketKey(_ key: String) -> Bool {
  let bytes = Array(key.utf8)
  guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else {
    return false
  }
  return bytes[..<22].allSatisfy {
    switch $0 {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
      true
    default: false
    }
  }
}

/// base64(SHA-1(key + the fixed GUID)).
func acceptValue(key: String) -> String {
  let input = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
  var digest = [UInt8](repeating: 0, count: 20)
  EVP_Digest(input, input.count, &digest, nil, EVP_sha1(), nil)
  // 28 characters and the terminator OpenSSL writes.
  var text = [UInt8](repeating: 0, count: 29)
  let count = EVP_EncodeBlock(&text, digest, 20)
  return String(decoding: text[..<Int(count)], as: UTF8.self)
}

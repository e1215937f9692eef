/// The fields that decide where a request ends and what becomes of its connection.
extension HTTPRequestHead.Marks {
  /// Takes note of a field.
  mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(HTTPError) {
    switch name.count {
    case 4 where HTTPCharacters.equal(name, "host"): try noteHost(value)
    case 6 where HTTPCharacters.equal(name, "expect"):
      guard HTTPCharacters.equal(value, "100-continue") else {
        throw HTTPError(417, "Expect knows only 100-continue.")
      }
      expectsContinue = true
    case 10 where HTTPCharacters.equal(name, "connection"): noteConnection(value)
    case 14 where HTTPCharacters.equal(name, "content-length"): try noteLength(value)
    case 17 where HTTPCharacters.equal(name, "transfer-encoding"): try noteCoding(value)
    default: break
    }
  }

  /// Checks what only the whole head can tell.
  mutating func check() throws(HTTPError) {
    if minor == 1, hosts == 0 { throw HTTPError(400, "The Host header is missing.") }
    if minor == 0 {
      expectsContinue = false
      if body == .chunked { throw HTTPError(400, "HTTP/1.0 knows no Transfer-Encoding.") }
    }
    if body == .none || body == .length(0) { expectsContinue = false }
  }

  private mutating func noteHost(_ value: UnsafeRawBufferPointer) throws(HTTPError) {
    hosts += 1
    guard hosts == 1 else { throw HTTPError(400, "The Host header is there twice.") }
    for byte in value {
      switch byte {
      case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "?"), UInt8(ascii: "#"),
        UInt8(ascii: ","), 0x7F..., 0...0x20:
        throw HTTPError(400, "The Host header is not a host with an optional port.")
      default: break
      }
    }
  }

  private mutating func noteConnection(_ value: UnsafeRawBufferPointer) {
    HTTPCharacters.forEachMember(value) { member in
      if HTTPCharacters.equal(member, "close") { close = true }
      if HTTPCharacters.equal(member, "keep-alive") { keepAlive = true }
      if HTTPCharacters.equal(member, "upgrade") { upgrade = true }
    }
  }

  private mutating func noteLength(_ value: UnsafeRawBufferPointer) throws(HTTPError) {
    guard value.count > 0 else { throw HTTPError(400, "Content-Length is empty.") }
    var length = 0
    for byte in value {
      guard byte &- 48 < 10 else { throw HTTPError(400, "Content-Length is not a number.") }
      let (tens, overflow) = length.multipliedReportingOverflow(by: 10)
      let (sum, more) = tens.addingReportingOverflow(Int(byte &- 48))
      guard !overflow, !more else { throw HTTPError(413, "Content-Length is absurdly large.") }
      length = sum
    }
    switch body {
    case .none: body = .length(length)
    case .length: throw HTTPError(400, "Content-Length is there twice.")
    case .chunked: throw HTTPError(400, "Content-Length and Transfer-Encoding exclude each other.")
    }
  }

  private mutating func noteCoding(_ value: UnsafeRawBufferPointer) throws(HTTPError) {
    switch body {
    case .none: break
    case .length: throw HTTPError(400, "Content-Length and Transfer-Encoding exclude each other.")
    case .chunked: throw HTTPError(400, "Transfer-Encoding is there twice.")
    }
    guard HTTPCharacters.equal(value, "chunked") else {
      throw HTTPError(501, "The only transfer coding known here is chunked.")
    }
    body = .chunked
  }
}

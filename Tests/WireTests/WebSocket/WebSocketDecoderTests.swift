import Testing
import Wire

@Suite struct WebSocketDecoderTests {
  /// A frame as a client sends it, with every part to choose.
  static func frame(
    _ first: UInt8, _ payload: [UInt8] = [], mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D],
    lengthBytes: Int? = nil
  ) -> [UInt8] {
    let extra = lengthBytes ?? (payload.count < 126 ? 0 : payload.count < 65_536 ? 2 : 8)
    let bit: UInt8 = mask == nil ? 0 : 0x80
    var bytes = [first, bit | (extra == 0 ? UInt8(payload.count) : extra == 2 ? 126 : 127)]
    for shift in (0..<extra).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: payload.count >> (8 * shift)))
    }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    var expected: [String]

    init(_ name: String, _ bytes: [UInt8], _ expected: [String]) {
      testDescription = name
      self.bytes = bytes
      self.expected = expected
    }
  }

  static func text(_ text: String, _ first: UInt8 = 0x81) -> [UInt8] { frame(first, Array(text.utf8)) }

  static let cases = [
    Case("one text", text("Hello"), ["text Hello"]),
    Case("empty text", text(""), ["text "]),
    Case("binary", frame(0x82, [1, 2, 3]), ["binary 3"]),
    Case("two texts", text("a") + text("b"), ["text a", "text b"]),
    Case(
      "126 bytes", text(String(repeating: "x", count: 126)), ["text " + String(repeating: "x", count: 126)]),
    Case("fragments", text("Hé", 0x01) + text("l", 0x00) + text("lo", 0x80), ["text Héllo"]),
    Case("a character in two fragments", frame(0x01, [0xC3]) + frame(0x80, [0xA9]), ["text é"]),
    Case("empty fragments", frame(0x01) + frame(0x00) + frame(0x80), ["text "]),
    Case("ping", text("hi", 0x89), ["ping hi"]),
    Case(
      "ping between fragments", text("a", 0x01) + text("p", 0x89) + text("b", 0x80), ["ping p", "text ab"]),
    Case("pong", frame(0x8A), ["pong "]),
    Case("close", frame(0x88, [0x03, 0xE8] + Array("bye".utf8)), ["close 1000 bye"]),
    Case("close without a code", frame(0x88), ["close 1005 "]),
    Case("close with our code", frame(0x88, [0x11, 0x39]), ["close 4409 "]),
    Case("close with half a code", frame(0x88, [3]), ["error 1002"]),
    Case("close with a reserved code", frame(0x88, [0x03, 0xED]), ["error 1002"]),
    Case("close with a bad reason", frame(0x88, [0x03, 0xE8, 0xFF]), ["error 1007"]),
    Case("not masked", frame(0x81, [0x61], mask: nil), ["error 1002"]),
    Case("reserved bit", text("a", 0xC1), ["error 1002"]),
    Case("unknown opcode", frame(0x83), ["error 1002"]),
    Case("unknown control opcode", frame(0x8B), ["error 1002"]),
    Case("fragmented ping", frame(0x09), ["error 1002"]),
    Case("long ping", frame(0x89, [UInt8](repeating: 0, count: 126)), ["error 1002"]),
    Case("continuation of nothing", text("a", 0x80), ["error 1002"]),
    Case("text within text", text("a", 0x01) + text("b"), ["error 1002"]),
    Case("length not shortest, 2", frame(0x81, [0x61], lengthBytes: 2), ["error 1002"]),
    Case("length not shortest, 8", frame(0x81, [0x61], lengthBytes: 8), ["error 1002"]),
    Case("negative length", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], ["error 1002"]),
    Case("too long", frame(0x82, [UInt8](repeating: 7, count: 301)), ["error 1009"]),
    Case(
      "too long in fragments",
      frame(0x02, [UInt8](repeating: 7, count: 200)) + frame(0x80, [UInt8](repeating: 7, count: 101)),
      ["error 1009"]),
    Case("absurdly long", [0x82, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0], ["error 1009"]),
    Case("not UTF-8", frame(0x81, [0xC0, 0xAF]), ["error 1007"]),
    Case("half a character", frame(0x81, [0xE2, 0x82]), ["error 1007"]),
    Case("not UTF-8 in fragments", frame(0x01, [0xE2, 0x82]) + frame(0x80, [0x41]), ["error 1007"]),
  ]

  @Test(arguments: cases) func decodesHoweverItIsSplit(_ test: Case) {
    #expect(decode([test.bytes]) == test.expected)
    for cut in 0...test.bytes.count {
      let pieces = [Array(test.bytes[..<cut]), Array(test.bytes[cut...])]
      #expect(decode(pieces) == test.expected, "cut at \(cut)")
    }
    #expect(decode(test.bytes.map { [$0] }) == test.expected)
  }

  @Test func everyLengthIsUnmasked() {
    for count in 0..<70 {
      let payload = (0..<count).map { UInt8($0 + 32) }
      #expect(decode([Self.frame(0x81, payload)]) == ["text " + String(decoding: payload, as: UTF8.self)])
    }
  }

  @Test func gatheredPayloadsArePadded() {
    var decoder = WebSocketDecoder(role: .server, maxMessage: 1000)
    for byte in Self.text("{}") {
      var window = [byte]
      window.withUnsafeMutableBytes { window in
        var at = 0
        guard case .text(let payload) = decoder.next(window, from: &at) else { return }
        let behind = UnsafeRawBufferPointer(start: payload.baseAddress! + payload.count, count: 64)
        #expect(behind.allSatisfy { $0 == 0 })
      }
    }
  }

  // MARK: - What we write

  @Test(arguments: [0, 1, 125, 126, 65_535, 65_536]) func framesAreReadBack(_ count: Int) {
    let payload = [UInt8](repeating: 0x61, count: count)
    let expected = ["text " + String(decoding: payload, as: UTF8.self)]
    var writer = ByteWriter()
    payload.withUnsafeBytes { writer.append(webSocket: .text, $0) }
    #expect(writer.count == count + ByteWriter.webSocketHeadSize(count))
    #expect(decode([Array(writer.raw)], role: .client, maxMessage: 1 << 20) == expected)
    #expect(decode([Array(writer.raw)], role: .server, maxMessage: 1 << 20) == ["error 1002"])
    writer.truncate(to: 0)
    payload.withUnsafeBytes { writer.append(maskedWebSocket: .text, $0, mask: 0xDEAD_BEEF) }
    #expect(decode([Array(writer.raw)], maxMessage: 1 << 20) == expected)
    #expect(decode([Array(writer.raw)], role: .client, maxMessage: 1 << 20) == ["error 1002"])
  }

  @Test func closeReasonsAreCut() {
    var writer = ByteWriter()
    writer.append(webSocketClose: WebSocketCloseCode(4409), reason: String(repeating: "é", count: 100))
    #expect(writer.count <= 127)
    #expect(decode([Array(writer.raw)], role: .client) == ["close 4409 " + String(repeating: "é", count: 61)])
  }

  private func decode(
    _ pieces: [[UInt8]], role: WebSocketDecoder.Role = .server, maxMessage: Int = 300
  ) -> [String] {
    var decoder = WebSocketDecoder(role: role, maxMessage: maxMessage)
    var steps: [String] = []
    func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
    for piece in pieces {
      var window = piece
      var isOver = false
      window.withUnsafeMutableBytes { window in
        var at = 0
        while !isOver {
          switch decoder.next(window, from: &at) {
          case .needMore: return
          case .text(let payload): steps.append("text " + text(payload))
          case .binary(let payload): steps.append("binary \(payload.count)")
          case .ping(let payload): steps.append("ping " + text(payload))
          case .pong(let payload): steps.append("pong " + text(payload))
          case .close(let code, let reason):
            steps.append("close \(code.rawValue) " + text(reason))
            isOver = true
          case .error(let error):
            steps.append("error \(error.code.rawValue)")
            isOver = true
          }
        }
      }
      if isOver { break }
    }
    return steps
  }
}

@Suite struct UTF8ValidationTests {
  @Test func agreesWithTheStandardLibrary() {
    let edges: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
      0xEE,
      0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    func check(_ bytes: [UInt8]) {
      let expected = String(validating: bytes, as: UTF8.self) != nil
      #expect(bytes.withUnsafeBytes { isValidUTF8($0) } == expected, "\(bytes)")
    }
    for a in edges {
      check([a])
      for b in edges {
        check([a, b])
        check([UInt8](repeating: 0x61, count: 9) + [a, b])
        for c in edges where a >= 0xE0 {
          check([a, b, c])
          for d in edges where a >= 0xF0 && b >= 0x80 && c >= 0x80 { check([a, b, c, d]) }
        }
      }
    }
  }
}

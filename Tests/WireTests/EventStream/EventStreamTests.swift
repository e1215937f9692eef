import Testing

@testable import Wire

@Suite struct EventStreamTests {
  /// Frames that were written with Python's `struct` and `zlib`, and that Amazon's `botocore` reads as the tests here
  /// say.
  private enum Golden {
    static let empty = bytes("000000100000000005c248eb7d98c8ff")
    static let event = bytes(
      "0000009e00000057fe1b824f0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d"
        + "747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e"
        + "74426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869227d2c2270223a22616263227d9343f010"
    )
    /// A header of each of the ten types.
    static let headers = bytes(
      "000000850000006eb62eacd40379657300026e6f01046279746502fe0573686f727403fed403696e7404fffeee90046c6f6e6705fffffffe"
        + "d5fa0e0005627974657306000200ff04746578740700074772c3bcc39f65047768656e080000018bcfe5687b04757569640900010203"
        + "0405060708090a0b0c0d0e0f7b226e223a317d7344ed03")

    private static func bytes(_ hex: String) -> [UInt8] {
      let digits = Array(hex.utf8).map { HTTPCharacters.hex($0)! }
      return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
  }

  /// What comes of the pieces, and the error that ended it.
  private func decode(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> (seen: [String], error: EventStreamError?)
  {
    var decoder = EventStreamDecoder(limit: limit)
    var seen: [String] = []
    for piece in pieces {
      do {
        // Memory of its own, so that reading past what may be read is found.
        try piece.withUnsafeBytes { try decoder.feed($0) { seen.append(Self.describe($0)) } }
      } catch {
        return (seen, error as? EventStreamError)
      }
    }
    return (seen, nil)
  }

  private static func describe(_ message: EventStreamMessage) -> String {
    var parts: [String] = []
    message.forEachHeader { name, value in
      let text =
        switch value {
        case .bytes(let bytes), .uuid(let bytes): "\(Array(bytes))"
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .bool(let value): "\(value)"
        case .int8(let value): "\(value)"
        case .int16(let value): "\(value)"
        case .int32(let value): "\(value)"
        case .int64(let value), .timestamp(let value): "\(value)"
        }
      parts.append("\(String(decoding: name, as: UTF8.self))=\(text)")
    }
    return (parts + [String(decoding: message.payload, as: UTF8.self)]).joined(separator: " ")
  }

  @Test func readsWhatAmazonsOwnDecoderReads() {
    let decoded = decode([Golden.empty + Golden.event + Golden.headers])
    #expect(decoded.error == nil)
    #expect(
      decoded.seen == [
        "",
        #":event-type=contentBlockDelta :content-type=application/json :message-type=event {"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abc"}"#,
        #"yes=true no=false byte=-2 short=-300 int=-70000 long=-5000000000 bytes=[0, 255] text=Grüße when=1700000000123 uuid=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] {"n":1}"#,
      ])
  }

  @Test func theWriterOfTheTestsWritesTheSame() {
    let headers: [(String, FrameWriter.Header)] = [
      ("yes", .bool(true)), ("no", .bool(false)), ("byte", .int8(-2)), ("short", .int16(-300)),
      ("int", .int32(-70000)), ("long", .int64(-5_000_000_000)), ("bytes", .bytes([0, 255])),
      ("text", .string("Grüße")), ("when", .timestamp(1_700_000_000_123)), ("uuid", .uuid(Array(0..<16))),
    ]
    #expect(FrameWriter.frame(headers, #"{"n":1}"#) == Golden.headers)
    #expect(FrameWriter.frame([], "") == Golden.empty)
  }

  @Test func whatIsWrittenIsRead() {
    var writer = ByteWriter()
    let payload = Array(#"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abc"}"#.utf8)
    payload.withUnsafeBytes {
      writer.append(
        eventStream: $0,
        headers: [
          (":event-type", "contentBlockDelta"), (":content-type", "application/json"),
          (":message-type", "event"),
        ])
    }
    #expect(Array(writer.raw) == Golden.event)
  }

  @Test func splitAtEveryByteItIsTheSame() {
    let long = FrameWriter.frame([("a", .string("b"))], String(repeating: "x", count: 300))
    let bytes = Golden.event + Golden.empty + long + Golden.headers
    let whole = decode([bytes]).seen
    #expect(whole.count == 4)
    for cut in 1..<bytes.count {
      #expect(decode([Array(bytes[..<cut]), Array(bytes[cut...])]).seen == whole, "cut at \(cut)")
    }
    #expect(decode(bytes.map { [$0] }).seen == whole)
  }

  @Test func everyBitIsUnderAChecksum() {
    for at in Golden.event.indices {
      for bit in 0..<8 {
        var bytes = Golden.event
        bytes[at] ^= 1 << bit
        let decoded = decode([bytes + [UInt8](repeating: 0, count: 100)])
        #expect(decoded.seen.isEmpty && decoded.error?.kind == .corrupt, "bit \(bit) of byte \(at)")
      }
    }
  }

  @Test func lengthsThatAreNoneAreRefused() {
    let tooShort = FrameWriter.seal(total: 15, headers: 0, [])
    let headersBeyond = FrameWriter.seal(total: 20, headers: 5, [1, 2, 3, 4])
    for bytes in [tooShort, headersBeyond] {
      #expect(decode([bytes]).error?.kind == .corrupt)
      #expect(decode(bytes.map { [$0] }).error?.kind == .corrupt)
    }
  }

  @Test func whatIsOverALimitIsRefusedBeforeItIsGathered() {
    let frame = FrameWriter.frame([], String(repeating: "x", count: 101))
    #expect(decode([Array(frame[..<12])], limit: 100).error?.kind == .tooLarge)
    #expect(decode([frame], limit: 101).seen.count == 1)
    let headers = FrameWriter.seal(
      total: 17 + EventStreamDecoder.headerLimit, headers: EventStreamDecoder.headerLimit + 1, [])
    #expect(decode([Array(headers[..<12])]).error?.kind == .tooLarge)
    let most = FrameWriter.seal(total: Int(UInt32.max), headers: 0, [])
    #expect(decode([most]).error?.kind == .tooLarge)
  }

  @Test(
    arguments: [
      [0], [1], [1, 97], [1, 97, 10], [1, 97, 4, 0, 0, 0], [1, 97, 7, 0, 2, 98], [1, 97, 6, 0],
      [1, 97, 9, 0, 1, 2, 3], [1, 97, 0, 5, 98],
    ] as [[UInt8]])
  func headersThatAreNoneAreRefused(_ headers: [UInt8]) {
    #expect(decode([FrameWriter.frame(rawHeaders: headers, [])]).error?.kind == .corrupt)
  }

  @Test func aHeaderIsFoundByItsName() {
    let frame = FrameWriter.frame(
      [("a", .int8(1)), ("b", .string("x")), ("a", .string("y")), ("a", .string("z"))], "")
    var decoder = EventStreamDecoder()
    var found: [String?] = []
    try? frame.withUnsafeBytes {
      try decoder.feed($0) { message in
        for name in ["a", "b", "c"] as [StaticString] {
          found.append(message[name].map { String(decoding: $0, as: UTF8.self) })
        }
      }
    }
    #expect(found == ["y", "x", nil])
  }

  @Test func theRestOfAFrameIsKnownToBeMissing() {
    var decoder = EventStreamDecoder()
    try? Golden.event[..<20].withUnsafeBytes { try decoder.feed($0) { _ in } }
    let isBetween = decoder.isBetweenMessages
    #expect(!isBetween)
    try? Golden.event[20...].withUnsafeBytes { try decoder.feed($0) { _ in } }
    let isBehind = decoder.isBetweenMessages
    #expect(isBehind)
  }

  @Test func checksumsOfAnyLengthAndInParts() {
    let text = Array("123456789".utf8)
    #expect(text.withUnsafeBytes { CRC32.checksum($0) } == 0xCBF4_3926)
    let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 37) }
    for count in 0...bytes.count {
      let part = Array(bytes[..<count])
      #expect(part.withUnsafeBytes { CRC32.checksum($0) } == FrameWriter.checksum(part))
      let first = Array(part[..<(count / 3)]).withUnsafeBytes { CRC32.checksum($0) }
      let both = Array(part[(count / 3)...]).withUnsafeBytes { CRC32.checksum($0, after: first) }
      #expect(both == FrameWriter.checksum(part))
    }
  }
}

import Testing
import Wire

@Suite struct SSEDecoderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var stream: String
    var expected: [String]
    var testDescription: String { String(stream.debugDescription.prefix(60)) }

    init(_ stream: String, _ expected: [String]) {
      self.stream = stream
      self.expected = expected
    }
  }

  /// Each event is told as `type|data|id`.
  static let cases = [
    Case("data: a\n\n", ["|a|"]),
    Case("data: a\r\n\r\n", ["|a|"]),
    Case("data: a\r\r", ["|a|"]),
    Case("data: a\r\ndata: b\rdata: c\n\r\n", ["|a\nb\nc|"]),
    Case("\u{FEFF}data:no blank\n\n", ["|no blank|"]),
    Case("data:  two blanks\n\n", ["| two blanks|"]),
    Case(": comment\n:\ndata: x\n\n", ["|x|"]),
    Case("event: delta\nid: 7\ndata: x\n\ndata: y\n\n", ["delta|x|7", "|y|7"]),
    Case("id: 7\ndata: x\n\nid\ndata: y\n\n", ["|x|7", "|y|"]),
    Case("event: lost\n\ndata: y\n\n", ["|y|"]),
    Case("data\n\ndata\ndata\n\n", ["|\n|"]),
    Case("unknown: x\ndata: y\nretry: 10\n\n", ["|y|"]),
    Case("data: {\"a\":\"é: x\"}\n\ndata: [DONE]\n\n", ["|{\"a\":\"é: x\"}|", "|[DONE]|"]),
    Case("data: never ended\n", []),
    Case("\n\n\r\n\r\r", []),
  ]

  @Test(arguments: cases) func decodesHoweverItIsSplit(_ test: Case) throws {
    let bytes = Array(test.stream.utf8)
    #expect(try decode([bytes]) == test.expected)
    for cut in 0...bytes.count {
      #expect(try decode([Array(bytes[..<cut]), Array(bytes[cut...])]) == test.expected, "cut at \(cut)")
    }
    #expect(try decode(bytes.map { [$0] }) == test.expected)
  }

  @Test func endWithoutEmptyLineCanBeDispatched() throws {
    #expect(try decode([Array("data: a\ndata: b".utf8)], dispatchesRest: true) == ["|a\nb|"])
  }

  @Test func retryIsKept() throws {
    var decoder = SSEDecoder()
    try "retry: 1500\nretry: x\nretry\n\n".utf8.withContiguousStorageIfAvailable {
      try decoder.feed(UnsafeRawBufferPointer($0)) { _ in }
    }
    #expect(decoder.retry == 1500)
  }

  @Test func boundsLinesAndEvents() {
    let longLine = Array("data: \(String(repeating: "x", count: 100))\n\n".utf8)
    let longEvent = Array(String(repeating: "data: x\n", count: 40).utf8)
    let longComment = Array(":\(String(repeating: "x", count: 100))".utf8)
    for stream in [longLine, longEvent, longComment] {
      #expect(throws: SSEError.self) { try decode([stream], limit: 64) }
      #expect(throws: SSEError.self) { try decode(stream.map { [$0] }, limit: 64) }
    }
  }

  @Test func writtenEventsAreReadBack() throws {
    var writer = ByteWriter()
    writer.append(sseRetry: 1000)
    writer.append(sseComment: "keep-alive")
    "{}".utf8CString.withUnsafeBytes {
      writer.append(sse: UnsafeRawBufferPointer(rebasing: $0[..<2]), type: "reset") { $0.append("ab-1") }
    }
    writer.append(sseLines: "one\r\ntwo\nthree")
    #expect(try decode([Array(writer.raw)]) == ["reset|{}|ab-1", "|one\ntwo\nthree|ab-1"])
  }

  private func decode(
    _ pieces: [[UInt8]], limit: Int = 1 << 20, dispatchesRest: Bool = false
  ) throws -> [String] {
    var decoder = SSEDecoder(limit: limit)
    var events: [String] = []
    let note: (SSEEvent) -> Void = { event in
      events.append(
        [event.type, event.data, event.id].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|"))
    }
    for piece in pieces { try piece.withUnsafeBytes { try decoder.feed($0, note) } }
    try decoder.finish(dispatchesRest: dispatchesRest, note)
    return events
  }
}

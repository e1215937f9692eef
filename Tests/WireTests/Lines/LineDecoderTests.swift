import Testing
import Wire

@Suite struct LineDecoderTests {
  static let cases: [(stream: String, expected: [String])] = [
    ("a\nb\n", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("a\n\n \r\n\t\nb", ["a", "b"]), ("a\rb\n", ["a\rb"]),
    ("", []), ("\n", []), ("é😀\n{\"x\":1}", ["é😀", "{\"x\":1}"]),
    (
      String(repeating: "x", count: 200) + "\ny\n" + String(repeating: "z", count: 100) + "\n",
      [String(repeating: "x", count: 200), "y", String(repeating: "z", count: 100)]
    ),
  ]

  @Test(arguments: cases) func splitsHoweverItIsSplit(_ stream: String, _ expected: [String]) throws {
    let bytes = Array(stream.utf8)
    #expect(try lines([bytes]) == expected)
    for cut in 0...bytes.count {
      #expect(try lines([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
    #expect(try lines(bytes.map { [$0] }) == expected)
  }

  @Test func boundsALine() throws {
    #expect(try lines([Array("12345678\n".utf8)], limit: 8) == ["12345678"])
    for pieces in [["123456789\n" + String(repeating: " ", count: 70)], ["12345", "6789\n"], ["123456789"]] {
      #expect(throws: TooLongError(limit: 8)) { try lines(pieces.map { Array($0.utf8) }, limit: 8) }
    }
  }

  /// Reads behind every line as far as it promises: the address sanitizer sees where that is wrong.
  private func lines(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [String] {
    var decoder = LineDecoder(limit: limit)
    var found: [String] = []
    func take(_ line: UnsafeRawBufferPointer) {
      let padded = UnsafeRawBufferPointer(start: line.baseAddress, count: line.count + 64)
      #expect(padded.reduce(0) { $0 ^ $1 } <= 255)
      found.append(String(decoding: line, as: UTF8.self))
    }
    for piece in pieces { try piece.withUnsafeBytes { try decoder.feed($0, take) } }
    decoder.finish(take)
    return found
  }
}

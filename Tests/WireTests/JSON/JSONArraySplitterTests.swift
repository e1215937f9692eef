import Testing
import Wire

@Suite struct JSONArraySplitterTests {
  static let cases: [(stream: String, expected: [String])] = [
    ("[]", []), (" \n[ ] \n", []), ("[1]", ["1"]), ("[1,2]", ["1", "2"]),
    (
      "[{\"a\":[1,{\"b\":2}]}\n,\r\n{\"c\":\"]},[{\"}\n]\n",
      ["{\"a\":[1,{\"b\":2}]}\n", "{\"c\":\"]},[{\"}\n"]
    ),
    (#"["\"],[","\\",[[],[1]]]"#, [#""\"],[""#, #""\\""#, "[[],[1]]"]),
    ("[{\"é\":\"😀\"}]", ["{\"é\":\"😀\"}"]),
  ]

  @Test(arguments: cases) func splitsHoweverItIsSplit(_ stream: String, _ expected: [String]) throws {
    let bytes = Array(stream.utf8)
    #expect(try elements([bytes]) == expected)
    for cut in 0...bytes.count {
      #expect(try elements([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
    #expect(try elements(bytes.map { [$0] }) == expected)
  }

  @Test(arguments: ["{\"a\":1}", "1", "[1]]", "[1] 2", "[}", "[{}}]", "x["]) func refusesWhatIsNoArray(
    _ stream: String
  ) {
    let bytes = Array(stream.utf8)
    #expect(throws: JSONArrayError.malformed) { try elements([bytes]) }
    #expect(throws: JSONArrayError.malformed) { try elements(bytes.map { [$0] }) }
  }

  @Test func anElementWithoutItsEndIsNone() throws {
    #expect(try elements([Array("[1,{\"a\":".utf8)]) == ["1"])
  }

  @Test func boundsAnElement() throws {
    #expect(try elements([Array("[12345678,1]".utf8)], limit: 8) == ["12345678", "1"])
    for pieces in [["[123456789]"], ["[12345", "6789"], ["[\"", "xxxxxxxxxxxx"]] {
      #expect(throws: JSONArrayError.tooLong) { try elements(pieces.map { Array($0.utf8) }, limit: 8) }
    }
  }

  private func elements(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [String] {
    var splitter = JSONArraySplitter(limit: limit)
    var found: [String] = []
    for piece in pieces {
      try piece.withUnsafeBytes {
        try splitter.feed($0) { found.append(String(decoding: $0, as: UTF8.self)) }
      }
    }
    return found
  }
}

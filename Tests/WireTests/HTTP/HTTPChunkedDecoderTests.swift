import Testing
import Wire

@Suite struct HTTPChunkedDecoderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var text: String
    var outcome: String
    var testDescription: String { String(text.debugDescription.prefix(60)) }

    init(_ text: String, _ outcome: String) {
      self.text = text
      self.outcome = outcome
    }
  }

  /// The outcome is the body, `+`, and how many bytes were left over; or the status of the error.
  static let cases = [
    Case("0\r\n\r\n", "+0"),
    Case("3\r\nabc\r\n0\r\n\r\nGET", "abc+3"),
    Case("A\r\n0123456789\r\n00b\r\n 0123456789\r\n000\r\n\r\n", "0123456789 0123456789+0"),
    Case("1;x=y\r\na\r\n1 ;x\r\nb\r\n0\r\n\r\n", "ab+0"),
    Case("0\r\nX: y\r\nEmpty:\r\n\r\n", "+0"),
    Case("2\r\n\r\n\r\n0\r\n\r\n", "\r\n+0"),
    Case("\r\n", "400"),
    Case("x\r\n", "400"),
    Case(" 1\r\na\r\n", "400"),
    Case("-1\r\na\r\n", "400"),
    Case("0x1\r\na\r\n", "400"),
    Case("1\na\r\n", "400"),
    Case("1\r\nab\r\n", "400"),
    Case("1\r\na\n0\r\n\r\n", "400"),
    Case("1\r\na\rb", "400"),
    Case("1;\u{1}\r\na\r\n", "400"),
    Case("1;a\nb\r\na\r\n", "400"),
    Case("0\r\n\n", "400"),
    Case("0\r\n\rx", "400"),
    Case("0\r\n folded\r\n\r\n", "400"),
    Case("0\r\nno colon\r\n\r\n", "400"),
    Case("0\r\nX: y\n\r\n", "400"),
    Case("FFFFFFFFFFFFFFFF\r\n", "413"),
    Case("1;\(String(repeating: "x", count: 9000))\r\n", "431"),
    Case("0\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n", "431"),
  ]

  @Test(arguments: cases) func decodesHoweverItIsSplit(_ test: Case) {
    let bytes = Array(test.text.utf8)
    #expect(decode([bytes]) == test.outcome)
    #expect(decode(bytes.map { [$0] }) == test.outcome)
    guard bytes.count < 400 else { return }
    for cut in 0...bytes.count {
      #expect(decode([Array(bytes[..<cut]), Array(bytes[cut...])]) == test.outcome, "cut at \(cut)")
    }
  }

  private func decode(_ pieces: [[UInt8]]) -> String {
    var decoder = HTTPChunkedDecoder()
    var body: [UInt8] = []
    for (number, piece) in pieces.enumerated() {
      var at = 0
      steps: while true {
        switch piece.withUnsafeBytes({ decoder.next($0, from: at) }) {
        case .needMore: break steps
        case .data(let range, let upTo):
          body += piece[range]
          at = upTo
        case .end(let upTo):
          let left = piece.count - upTo + pieces[(number + 1)...].reduce(0) { $0 + $1.count }
          return "\(String(decoding: body, as: UTF8.self))+\(left)"
        case .error(let error): return "\(error.status)"
        }
      }
    }
    return "unfinished"
  }
}

import Testing

@testable import Wire

/// However a text is cut, what comes out joined is what comes of the whole.
@Suite struct StreamRedactorTests {
  private static let set: RedactionSet = {
    let own = try? BytePattern("EMP-\\d{4,6}")
    return RedactionSet(patterns: own.map { [("staff", $0)] } ?? [])
  }()

  private static let texts = [
    "Hello jane.doe@example.com, call +49 30 1234567 or (202) 555-0134 now.",
    "4111 1111 1111 1111 and 4111 1111 1111 1112, 378282246310005",
    "DE89 3704 0044 0532 0130 00 BIC, ssn 123-45-6789",
    "sk-abcdefghij0123456789XYZ.AKIAIOSFODNN7EXAMPLE/EMP-12345 x",
    "10.0.0.1, 2001:db8:85a3::8a2e:370:7334 1.2.3.4.5.",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N end",
    "Grüße an jürgen@müller.de 日本🎉",
    "{\"to\":\"\\nbob@example.org\",\"key\":\"\\tsk-abcdefghij0123456789XYZ\"}",
    "plain words, 12:30:45 and no more",
    "a@b.c@d.ef @@ x@y..z 1-800-555-0199 +1 415 555 2671 2024 2025",
  ]

  private func stream(_ pieces: [ArraySlice<UInt8>]) -> String {
    var redactor = StreamRedactor()
    var out = ByteWriter()
    var counts = RedactionCounts()
    for piece in pieces {
      piece.withUnsafeBytes { redactor.feed($0, with: Self.set, into: &out, counts: &counts) }
      #expect(redactor.held <= RedactionSet.longestHold)
    }
    redactor.feed(
      UnsafeRawBufferPointer(start: nil, count: 0), with: Self.set, isFinal: true, into: &out, counts: &counts
    )
    return out.string
  }

  @Test(arguments: texts) func everySplitInTwo(_ text: String) {
    let bytes = Array(text.utf8)
    let whole = Self.set.redact(text)
    for cut in 0...bytes.count { #expect(stream([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)") }
    #expect(stream(bytes.indices.map { bytes[$0...$0] }) == whole)
  }

  @Test(arguments: texts) func everySplitInThree(_ text: String) {
    let bytes = Array(text.utf8)
    let whole = Self.set.redact(text)
    for first in bytes.indices {
      for second in first..<bytes.count {
        let result = stream([bytes[..<first], bytes[first..<second], bytes[second...]])
        if result != whole { Issue.record("cut at \(first) and \(second): \(result)") }
      }
    }
  }

  /// Texts that are put together of what the detectors look for.
  @Test func randomTexts() {
    var random = SystemRandomNumberGenerator()
    let atoms = [
      "a", "1", "4111", "1111", " ", "-", ".", "@", ":", "::", "+", "(", ")", "sk-", "eyJ", "DE89", "fe80",
      "\\n", "ü",
      "日", "x.org", "EMP-", "123", "202", "555", "0134", "10.0", "AKIA", "ABCDEFGHIJKLMNOP", "_", "/", "=",
    ]
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 1...24, using: &random)).map { _ in
        atoms.randomElement(using: &random) ?? ""
      }
      .joined()
      let bytes = Array(text.utf8)
      var pieces: [ArraySlice<UInt8>] = []
      var at = 0
      while at < bytes.count {
        let end = min(bytes.count, at + Int.random(in: 1...7, using: &random))
        pieces.append(bytes[at..<end])
        at = end
      }
      let whole = Self.set.redact(text)
      let result = stream(pieces)
      if result != whole { Issue.record("\(text) in pieces is \(result), not \(whole)") }
    }
  }

  @Test func plainTextIsNotHeldBeyondItsLastWord() {
    var redactor = StreamRedactor()
    var out = ByteWriter()
    var counts = RedactionCounts()
    let piece = SharedBytes("Good morning, dear wor".utf8)
    redactor.feed(piece.raw, with: Self.set, into: &out, counts: &counts)
    #expect(out.string == "Good morning, dear ")
    #expect(redactor.held == 3)
    let next = SharedBytes("ld! ".utf8)
    redactor.feed(next.raw, with: Self.set, into: &out, counts: &counts)
    #expect(out.string == "Good morning, dear world! ")
    #expect(redactor.held == 0)
  }

  @Test func longPiecesAreHeldWithinBounds() {
    for text in ["a", "1", "eyJ", "4 ", "+1 ", "A1 ", "x@y.", ":", "EMP-"] {
      let bytes = Array(String(repeating: text, count: 4000 / text.utf8.count).utf8)
      let whole = Self.set.redact(String(decoding: bytes, as: UTF8.self))
      #expect(stream(bytes.indices.map { bytes[$0...$0] }) == whole)
    }
  }
}

/// JSON in, JSON out.
@Suite struct JSONRedactorTests {
  private func redact(_ json: String, fields: [String] = []) -> String {
    var redactor = JSONRedactor(RedactionSet(), fields: fields.compactMap { FieldPath($0) })
    var out = ByteWriter()
    let text = SharedBytes(json.utf8)
    redactor.append(text.raw, names: [Array("data".utf8)], to: &out)
    return out.string
  }

  @Test func stringsNumbersAndNames() {
    #expect(
      redact(#"{"a":"x a@b.io","n":[1,4111111111111111,2.5,null,true],"c@d.io":{"e":"ok"}}"#)
        == #"{"a":"x __REDACTED__","n":[1,"__REDACTED__",2.5,null,true],"__REDACTED__":{"e":"ok"}}"#)
    #expect(redact(#""a@b.io""#) == #""__REDACTED__""#)
    #expect(redact("[]") == "[]")
    #expect(redact(#"{ "a" : "b" , "c" : [ 1 ] }"#) == #"{"a":"b","c":[1]}"#)
  }

  @Test func escapesHideNothing() {
    #expect(redact(#"{"a":"a\u0040b.io \"q\""}"#) == #"{"a":"__REDACTED__ \"q\""}"#)
    // What is left alone keeps its escapes.
    #expect(redact(#"{"a":"\u00fc\/"}"#) == #"{"a":"\u00fc\/"}"#)
  }

  @Test func fields() {
    let json =
      #"{"input":{"ssn":1,"list":[{"password":"p"},{"x":{"password":{"y":[1]}}}]},"ssn":2,"api_token":"t"}"#
    #expect(
      redact(json, fields: ["data.input.ssn"])
        == json.replacing(#"{"ssn":1"#, with: #"{"ssn":"__REDACTED__""#))
    #expect(
      redact(json, fields: ["*.password"])
        == json.replacing(#""p""#, with: #""__REDACTED__""#).replacing(
          #"{"y":[1]}"#, with: #""__REDACTED__""#))
    #expect(redact(json, fields: ["password"]) == redact(json, fields: ["*.password"]))
    #expect(redact(json, fields: ["data.*_token"]) == json.replacing(#""t""#, with: #""__REDACTED__""#))
    #expect(redact(json, fields: ["data.*.ssn"]) == redact(json, fields: ["data.input.ssn"]))
    #expect(redact(json, fields: ["data"]) == #""__REDACTED__""#)
    for bad in ["", ".", "a.", "*", "*.*.", String(repeating: "a.", count: 20) + "b"] {
      #expect(FieldPath(bad) == nil, "\(bad)")
    }
  }

  @Test func deepTextsTakeTimeByTheirLength() {
    let depth = 20_000
    let json =
      String(repeating: #"{"a":"#, count: depth) + #""a@b.io""# + String(repeating: "}", count: depth)
    #expect(redact(json) == json.replacing("a@b.io", with: "__REDACTED__"))
  }
}

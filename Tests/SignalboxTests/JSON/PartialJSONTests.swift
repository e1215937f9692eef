import Signalbox
import Testing

@Suite struct PartialJSONTests {
  static let valid: [(String, JSONValue)] = [
    ("null", .null), ("true", true), (" false\n", false), ("0", 0), ("-0", 0), ("-17", -17),
    ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
    ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", 1.5), ("-0.25e+2", -25.0),
    ("1E3", 1000.0),
    ("\"\"", ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{08}\u{0C}\n\r\tz"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00 \uD83D\uDE00""#, "😀 😀"),
    (
      #""\ud83dx\ude00\ud83d\n\ud83d\ud83d\ude00\ud83d""#,
      "\u{FFFD}x\u{FFFD}\u{FFFD}\n\u{FFFD}😀\u{FFFD}"
    ),
    ("\"é€😀e\u{301}\u{7F}\"", "é€😀e\u{301}\u{7F}"), ("[]", []), ("{}", [:]),
    ("[[],[[]],{}]", [[], [[]], [:]]),
    ("[1,\"a\" , true,null ,-2.5e1]", [1, "a", true, .null, -25.0]),
    (#"{"a":{"b":[{"c":"d"},2]},"e\u0066":"","":0}"#, ["a": ["b": [["c": "d"], 2]], "ef": "", "": 0]),
    (#"{"a":1,"a":2}"#, ["a": 1, "a": 2]), ("\t\r\n [ \n1 \t,\r2 ] \n", [1, 2]),
    (
      #"{"items":[{"name":"Ann","tags":["x","yy"]},{"name":"Bö"}],"total":2}"#,
      ["items": [["name": "Ann", "tags": ["x", "yy"]], ["name": "Bö"]], "total": 2]
    ),
  ]

  static let invalid: [(String, Int, String, JSONTextError.Reason)] = [
    ("", 0, "$", .incomplete), ("  ", 2, "$", .incomplete), ("nul", 3, "$", .incomplete),
    ("nulx", 3, "$", .invalid),
    ("truefalse", 4, "$", .invalid), ("-", 1, "$", .incomplete), ("01", 1, "$", .invalid),
    ("1.", 2, "$", .incomplete),
    ("[1.]", 3, "$[0]", .invalid), ("1e400", 0, "$", .limit), ("+1", 0, "$", .invalid),
    (".5", 0, "$", .invalid),
    ("NaN", 0, "$", .invalid), ("[1,]", 3, "$[1]", .invalid), ("[1 2]", 3, "$", .invalid),
    ("[,]", 1, "$[0]", .invalid),
    ("]", 0, "$", .invalid), ("[1}", 2, "$", .invalid), ("[1", 2, "$", .incomplete),
    ("{\"a\"", 4, "$.a", .incomplete),
    ("{\"a\":}", 5, "$.a", .invalid), ("{\"a\":1,}", 7, "$", .invalid), ("{\"a\" 1}", 5, "$.a", .invalid),
    ("{a:1}", 1, "$", .invalid), ("{\"a\":[0,{\"b\":tru}]}", 16, "$.a[1].b", .invalid),
    ("{'a':1}", 1, "$", .invalid),
    ("\"a", 2, "$", .incomplete), ("[\"\\x\"]", 3, "$[0]", .invalid), ("\"\\u12g4\"", 5, "$", .invalid),
    ("\"a\nb\"", 2, "$", .invalid), ("\"\\ud83", 6, "$", .incomplete), ("1 x", 2, "$", .invalid),
    ("{} {}", 3, "$", .invalid), ("// no\n1", 0, "$", .invalid), ("\u{FEFF}1", 0, "$", .invalid),
    ("{\"a b\":[{\"x\":1 \"y\"}]}", 15, "$[\"a b\"][0]", .invalid), ("```json\n1\n```", 0, "$", .invalid),
  ]

  /// The text whole, in two pieces at every place, and byte by byte: always the same, and growing.
  private func checkSplits(_ text: [UInt8], _ parser: PartialJSON) -> Outcome {
    let whole = read([text[...]], parser)
    for split in 0...text.count {
      #expect(read([text[..<split], text[split...]], parser) == whole)
    }
    var last: JSONValue?
    let bytes = read(text.indices.map { text[$0...$0] }, parser) { value in
      #expect(grew(last, into: value), "\(String(describing: last)) became \(String(describing: value))")
      last = value
    }
    #expect(bytes == whole)
    return whole
  }

  @Test(arguments: valid) func aValueInAnyPieces(_ text: String, _ value: JSONValue) throws {
    let outcome = checkSplits(Array(text.utf8), PartialJSON(.strict, watching: ["$..*", "$"]))
    #expect(outcome.error == nil)
    #expect(outcome.value == value)
    #expect(try JSONValue(parsing: text) == value)
    #expect(checkSplits(Array(text.utf8), PartialJSON(.tolerant)).value == value)
  }

  @Test(arguments: invalid)
  func anErrorInAnyPieces(
    _ text: String, _ offset: Int, _ path: String, _ reason: JSONTextError.Reason
  ) throws {
    let error = try #require(checkSplits(Array(text.utf8), PartialJSON(.strict)).error)
    #expect(error.offset == offset)
    #expect(error.path.description == path)
    #expect(error.reason == reason)
    #expect(throws: error) { try JSONValue(parsing: text) }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xE2, 0x82, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x5C, 0x6E, 0x22],
      [0x22, 0xE0, 0x80, 0x80, 0x22], [0x22, 0xF0, 0x9F, 0x98, 0x41, 0x22],
    ] as [[UInt8]])
  func whatIsNotUTF8(_ bytes: [UInt8]) {
    let outcome = checkSplits([0x22, 0x61, 0xC3, 0xA9] + bytes.dropFirst(), PartialJSON(.strict))
    #expect(outcome.error?.message == "The text is not UTF-8")
    #expect(outcome.error?.offset == 4)
    #expect(outcome.value == "aé")
  }

  @Test func whatIsShownAndWhatIsHeldBack() throws {
    var json = PartialJSON(.strict)
    func value(after piece: String) throws -> JSONValue? {
      try json.append(piece)
      return json.value
    }
    #expect(try value(after: " ") == nil)
    #expect(try value(after: "{") == [:])
    #expect(try value(after: "\"a") == [:])
    #expect(try value(after: "\"") == [:])
    #expect(try value(after: ":") == [:])
    #expect(try value(after: "[") == ["a": []])
    #expect(try value(after: "12") == ["a": []])
    #expect(try value(after: "3,") == ["a": [123]])
    #expect(try value(after: "tru") == ["a": [123]])
    #expect(try value(after: "e") == ["a": [123, true]])
    #expect(try value(after: ",\"") == ["a": [123, true, ""]])
    #expect(try value(after: "x\\") == ["a": [123, true, "x"]])
    #expect(try value(after: "n\\ud83d") == ["a": [123, true, "x\n"]])
    #expect(try value(after: "\\ude0") == ["a": [123, true, "x\n"]])
    #expect(try value(after: "0") == ["a": [123, true, "x\n😀"]])
    #expect(!json.isComplete)
    #expect(try value(after: "\"]}") == ["a": [123, true, "x\n😀"]])
    #expect(json.isComplete)
    #expect(try json.finish() == ["a": [123, true, "x\n😀"]])
  }

  @Test func anErrorStays() throws {
    var json = PartialJSON(.strict)
    try json.append("[1,\"ab")
    #expect(throws: JSONTextError.self) { try json.append("c\n") }
    #expect(json.value == [1, "abc"])
    let error = try #require(json.error)
    #expect(error.description == "$[1] (byte 7): A string contains byte 10 unescaped")
    #expect(throws: error) { try json.append("\"]") }
    #expect(throws: error) { try json.finish() }
    #expect(json.value == [1, "abc"])
  }

  @Test func aCopyGoesItsOwnWay() throws {
    var one = PartialJSON(.strict)
    try one.append("[1,\"a")
    var other = one
    try one.append("b\"]")
    try other.append("c\",2")
    #expect(one.value == [1, "ab"])
    #expect(other.value == [1, "ac"])
  }

  @Test func theDepthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    let limits = PartialJSON.Limits(depth: 3)
    #expect(try JSONValue(parsing: nested(3), limits: limits) == [[[]]])
    let outcome = checkSplits(Array(nested(4).utf8), PartialJSON(.strict, limits: limits))
    #expect(outcome.error?.reason == .limit)
    #expect(outcome.error?.offset == 3)
    #expect(throws: Never.self) { try JSONValue(parsing: nested(128)) }
    #expect(throws: JSONTextError.self) { try JSONValue(parsing: nested(129)) }
    #expect(throws: JSONTextError.self) {
      try JSONValue(parsing: String(repeating: "[", count: 1_000_000), limits: .init(depth: 1_000_000))
    }
  }

  @Test func theSizeIsLimited() throws {
    let limits = PartialJSON.Limits(bytes: 5)
    #expect(try JSONValue(parsing: "[1,2]", limits: limits) == [1, 2])
    let outcome = checkSplits(Array("[1,\"abc\"]".utf8), PartialJSON(.strict, limits: limits))
    #expect(outcome.error?.reason == .limit)
    #expect(outcome.error?.offset == 5)
    #expect(outcome.value == [1, "a"])
    // What comes after the value is not kept, so that it need not be bounded.
    #expect(checkSplits(Array("[1,2] and so on".utf8), PartialJSON(limits: limits)).value == [1, 2])
    #expect(checkSplits(Array("It is [1,2]".utf8), PartialJSON(limits: limits)).error?.reason == .limit)
  }
}

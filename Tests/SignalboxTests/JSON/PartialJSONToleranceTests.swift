import Signalbox
import Testing

/// What models write around the value.
@Suite struct PartialJSONToleranceTests {
  static let texts: [(String, JSONValue)] = [
    ("```json\n{\"a\":1}\n```", ["a": 1]), ("```\n[1]\n```\n", [1]),
    ("\n\n```JSON\r\n{\"a\":1}\r\n```", ["a": 1]),
    ("```json {\"a\":1}```", ["a": 1]), ("```json\ntrue\n```", true), ("```json\n\n  12\n```", 12),
    ("```json\n\"text\"\n```", "text"), ("\u{FEFF}{\"a\":1}", ["a": 1]), ("\u{FEFF}\"x\"", "x"),
    ("Here is the JSON:\n```json\n{\"a\":1}\n```\nIt has one member.", ["a": 1]),
    ("Here it is: {\"a\":1}. Anything [else]?", ["a": 1]),
    ("The list [see below]:\n  [1, 2]\nThat is {all}.", [1, 2]),
    ("Use `{\"a\":1}` here", ["a": 1]), ("{\"a\":1}{\"a\":2}", ["a": 1]), ("[1] \u{1F600}", [1]),
    ("true", true), (" null\n", .null), ("-12.5", -12.5), ("7", 7), ("nullify {\"a\":1}", ["a": 1]),
    ("3 things: {\"a\":1}", ["a": 1]), ("``no fence {\"a\":1}``", ["a": 1]), ("\"text\" and more", "text"),
  ]

  @Test(arguments: texts) func theValueInWhatIsAroundIt(_ text: String, _ value: JSONValue) {
    let bytes = Array(text.utf8)
    #expect(read([bytes[...]], PartialJSON()) == Outcome(value: value))
    for split in bytes.indices {
      #expect(read([bytes[..<split], bytes[split...]], PartialJSON()) == Outcome(value: value))
    }
    var last: JSONValue?
    let outcome = read(bytes.indices.map { bytes[$0...$0] }, PartialJSON()) {
      #expect(grew(last, into: $0))
      last = $0
    }
    #expect(outcome == Outcome(value: value))
  }

  @Test(arguments: [
    "", " ", "I cannot do that.", "1 2", "true false", "12 apples", "```json\n", "```json", "Ja: [1]", "1.",
    "nul",
    "111111111111111111111111111111111111111111111111111111111111111111",
  ])
  func noValueAtAll(_ text: String) {
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
      let outcome = read([bytes[..<split], bytes[split...]], PartialJSON())
      #expect(outcome.error?.reason == .incomplete)
      #expect(outcome.error?.offset == bytes.count)
      #expect(outcome.value == nil)
    }
  }

  @Test(arguments: ["```json\nNo.\n```", "{\"a\":1,}", "It is {so}", "```json\n{'a':1}\n```"])
  func theValueItselfMustBeJSON(_ text: String) {
    #expect(read([Array(text.utf8)[...]], PartialJSON()).error?.reason == .invalid)
  }

  @Test func whatEndsEarlyStaysReadable() throws {
    var json = PartialJSON()
    try json.append("```json\n{\"summary\": \"It was the b")
    #expect(throws: JSONTextError.self) { try json.finish() }
    #expect(json.error?.description == "$.summary (byte 33): The text ends inside a string")
    #expect(json.value == ["summary": "It was the b"])
  }
}

import Testing

@testable import Signalbox

@Suite struct JSONShorteningTests {
  private let value: JSONValue = [
    "name": "Ä\u{1F600}\n\"x\"\u{1}", "list": [1, 2.5, true, .null, "tail"], "deep": ["a": ["b": ["c": "d"]]],
    "long": .string(String(repeating: "é\u{1F469}\u{200D}\u{1F4BB}", count: 40)),
  ]

  @Test func staysWithinEveryLimitAndIsJSON() throws {
    let size = value.description.utf8.count
    for limit in 0...(size + 2) {
      let (short, original) = value.shortened(to: limit)
      let text = short.description
      if limit >= size {
        #expect(short == value && original == nil)
      } else {
        #expect(original == size)
        #expect(text.utf8.count <= max(limit, 4), "\(limit): \(text)")
        #expect(try JSONValue(parsing: text) == short)
        // An object stays one as soon as it fits.
        if limit >= 2, case .object = short {} else { #expect(limit < 2) }
      }
    }
  }

  @Test func aTextEndsWithAMark() {
    let (short, original) = JSONValue.string("abcdefgh").shortened(to: 8)
    #expect(short == "abc…" && original == 10)
    #expect(JSONValue.string("abcdef").shortened(to: 8).original == nil)
  }

  @Test func textsAreCutBetweenCharacters() {
    let text = "aÄ€\u{1F600}b"
    for limit in 0...text.utf8.count {
      let (short, original) = text.shortened(to: limit)
      #expect(short.utf8.count <= limit)
      #expect(!short.unicodeScalars.contains("\u{FFFD}"))
      if limit == text.utf8.count {
        #expect(short == text && original == nil)
      } else {
        #expect(original == text.utf8.count)
        if limit >= 3 { #expect(short.hasSuffix("…") && text.hasPrefix(short.dropLast())) }
      }
    }
  }
}

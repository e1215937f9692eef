import Testing

@testable import SignalboxLLM

/// Keys that look like nothing are known by their value.
@Suite struct KeyScrubberTests {
  private func without(_ keys: [String], _ text: String) -> String {
    var bytes = Array(text.utf8)
    KeyScrubber.remove(keys.map { Array($0.utf8) }, from: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func everyKeyOfTheRequestIsCutOut() {
    #expect(
      without(["0123456789abcdef"], "Key 0123456789abcdef (0123456789abcdef) is wrong")
        == "Key … (…) is wrong")
    #expect(without(["aaaaaaaa", "bbbbbbbb"], "bbbbbbbb and aaaaaaaa") == "… and …")
  }

  @Test func alsoWhereTheTextEndsInTheMiddleOfIt() {
    #expect(without(["0123456789abcdef"], "Key 0123456789ab") == "Key …")
  }

  @Test func aShortWordIsNoKey() {
    #expect(without(["key", ""], "the key is wrong") == "the key is wrong")
    #expect(without(["0123456789abcdef"], "0123 4567") == "0123 4567")
  }
}

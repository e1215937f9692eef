import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct TextPatternTests {
  static let patterns = [
    "a", "abc", "^abc$", "a|b", "^(a|bc)+$", "a*b", "^a?b{2}$", "^a{2,3}$", "^a{2,}$", "^(?:ab){1,2}c$",
    "[a-c]+x",
    "[^a-c]", "^[\\d_-]+$", "\\d{3}-\\d{4}", "^\\w+@\\w+\\.[a-z]{2,}$", "\\bcat\\b", "\\Bcat", "^\\s*$",
    "^\\S+\\s\\S+$", ".",
    "^.$", "^..$", "\\.", "\\u0041", "^(a*)*$", "^(a|a|aa)*b$", "^(?<name>x)y$", "(^a|b$)", "a.c", "[.]",
    "^a+?$",
    "\\x41", "^[^\\s\\d]+$", "x{,3}", "^$", "(a|)b", "()", "^(\\d{1,3}\\.){3}\\d{1,3}$", "[\\w.]+", "\\t|\\n",
    "^[+-]?\\d+$",
  ]

  static let texts = [
    "", "a", "b", "abc", "xabcx", "bc", "abcbc", "aaab", "bb", "abb", "aa", "aaa", "aaaa", "ababc", "abc\n",
    "bx", "d", "12_-3",
    "555-1234", "joe@example.org", "a cat sat", "concat", "cats", "  \t", "one two", "\n", "é", "😀", "😀😀",
    "A", "a.c", "a\nc",
    "]", ".", "xy", "x{,3}", "b\na", "192.168.0.1", "1.2.3", "+12", "-", "_", "\t",
  ]

  /// Foundation's regular expressions as the measure; they are ICU's, whose `\w` knows more letters.
  @Test(arguments: patterns) func likeFoundation(_ text: String) throws {
    let pattern = try TextPattern(text)
    let oracle = try NSRegularExpression(
      pattern: text.replacing("x{,3}", with: "x\\{,3\\}").replacing("$", with: "\\z"))
    for subject in Self.texts where !text.contains("\\w") || subject.utf8.allSatisfy({ $0 < 0x80 }) {
      var work = 0
      let range = NSRange(subject.startIndex..., in: subject)
      #expect(
        pattern.matches(subject, counting: &work, limit: .max)
          == (oracle.firstMatch(in: subject, range: range) != nil), "/\(text)/ on \(subject.debugDescription)"
      )
    }
  }

  @Test(arguments: [
    ("[\\u{1F600}-\\u{1F64F}]", "😃", true), ("\\ud83d\\ude00", "😀", true), ("[^\\D]", "5", true),
    ("[^\\D]", "x", false),
    ("[\\D5]", "5", true), ("[\\D5]", "6", false), ("[a-]", "-", true), ("[\\b]", "\u{08}", true),
    ("\\/", "/", true),
    ("[]", "a", false), ("[^]", "a", true), ("^.$", "\u{2028}", false), ("\\s", "\u{FEFF}", true),
    ("\\0", "\0", true),
    ("{", "{", true), ("a{x", "a{x", true), ("}", "}", true), ("\\w", "é", false), ("[\\d-z]", "-", true),
    ("", "x", true), ("é", "e\u{301}", false),
  ])
  func asECMAScriptHasIt(_ text: String, _ subject: String, _ matches: Bool) throws {
    var work = 0
    #expect(try TextPattern(text).matches(subject, counting: &work, limit: .max) == matches)
  }

  @Test(arguments: [
    "(", ")", "(a", "a)", "[", "[a", "*a", "a**", "+", "a|*", "\\", "[b-a]", "(?=a)", "(?!a)", "(?<=a)",
    "(?<!a)",
    "(?i)a", "\\1", "\\p{L}", "\\k<a>", "\\cA", "\\x4", "\\u12", "\\ud83d", "\\u{110000}", "\\u{41", "a{3,2}",
    "a{1001}", "^*",
    "((a{1000}){1000}){1000}", String(repeating: "(", count: 100_000), "(?<a", "\\e",
  ])
  func malformed(_ text: String) {
    #expect(throws: TextPattern.Malformed.self) { try TextPattern(text) }
  }

  @Test func workIsLinear() throws {
    func work(_ pattern: String, _ text: String) throws -> Int {
      var work = 0
      _ = try TextPattern(pattern).matches(text, counting: &work, limit: .max)
      return work
    }
    for pattern in ["^(a+)+$", "(a*)*b", "(a|a)*c", "(.*)(.*)(.*)x$"] {
      let once = try work(pattern, String(repeating: "a", count: 1000))
      let twice = try work(pattern, String(repeating: "a", count: 2000))
      #expect(twice < once * 21 / 10)
    }
    var work = 0
    #expect(
      try !TextPattern("a$").matches(String(repeating: "a", count: 10_000) + "b", counting: &work, limit: 500)
    )
    #expect(work < 520)
  }
}

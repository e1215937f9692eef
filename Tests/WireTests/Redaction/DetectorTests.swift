import Testing

@testable import Wire

/// What is found, and what is left alone. `«…»` marks in a text what must be redacted.
@Suite struct DetectorTests {
  private static let found = [
    "write to «jane.doe+news@mail.example.co.uk».", "mailto:«a@b.io»",
    "<«jürgen@müller.de»>".replacing("«jü", with: "jü«"),
    "«x_y%z@sub-domain.example.com», or not", "(\\n«bob@example.org»)".replacing("\\n«", with: "\\n«"),
    "card «4111 1111 1111 1111» ok", "«4111-1111-1111-1111»", "«4111111111111111».", "amex «378282246310005»",
    "«5555555555554444» and «6011000990139424»", "«3530111333300000»", "paid with «4012888888881881» 2024",
    "«DE89 3704 0044 0532 0130 00» is it", "IBAN:«GB82WEST12345698765432»", "«FR1420041010050500013M02606»",
    "«NO9386011117947» BIC",
    "ssn «123-45-6789».", "«078 05 1120»", "at «192.168.0.1:8080»".replacing("1:8080»", with: "1»:8080"),
    "«10.0.0.255».", "from «2001:db8:85a3::8a2e:370:7334», hm", "«2001:0db8:0000:0000:0000:ff00:0042:8329»",
    "«fe80::1ff:fe23:4567:890a»%eth0", "«::ffff:192.0.2.128»",
    "call «+49 30 1234567»", "«+1 (415) 555-2671» now", "«+442071838750»", "«(202) 555-0134»",
    "«202-555-0134»",
    "«202.555.0134».", "«1-800-555-0199»", "«1 (800) 555-0199»",
    "key «sk-abcdefghij0123456789XYZ»", "«sk-ant-api03-AAAAAAAAAAAAAAAAAAAA_b-c»!", "«AKIAIOSFODNN7EXAMPLE»",
    "«AIzaSyA-1234567890abcdefghijklmnopqrstu»", "\"«ghp_abcdefghijklmnopqrstuvwxyz0123456789»\"",
    "«github_pat_11ABCDEFG0abcdefghijkl_xyz»", "«xoxb-123456789012-abcdef»", "«hf_abcdefghijklmnopqrst»",
    "«AccountKey=abcdefghijklmnop/QRSTUVWXYZ+0123==»;Next", "\\n«sk-abcdefghij0123456789XYZ»",
    "«Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P»",
  ]

  private static let left = [
    "no secrets here", "user@localhost", "a@b", "@home", "foo@.com", "root@10", "price 4111.11",
    "4111 1111 1111 1112",
    "0.4111111111111111", "1764149560123456789", "12:30:45", "std::vector", "a::b", "abc::def",
    "00:1a:2b:3c:4d:5e",
    "2026-11-26T09:32:40", "000-12-3456", "666-12-3456", "900-12-3456", "123-45-67890", "300.1.2.3",
    "1.2.3.4.5",
    "1.2.3", "+12", "+1234567", "123-456-7890", "555-1234", "202-555-01345", "sk-short",
    "task-abcdefghij0123456789", "sk-estimator-doc-link-of-a-page",
    "AKIAIOSFODNN7", "DE00 3704 0044 0532 0130 00", "ABCD1234", "eyJhbGciOi",
    "550e8400-e29b-41d4-a716-446655440000",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "v1.2.3-beta+exp",
    "1 2 3 4 5 6 7 8 9",
    "2+2=4", "f(2025) 10", "Grüße aus Köln, 日本 🎉",
  ]

  @Test(arguments: found) func isFound(_ marked: String) {
    let text = marked.replacing("«", with: "").replacing("»", with: "")
    let parts = marked.split(separator: "«", omittingEmptySubsequences: false)
    let expected = parts.dropFirst().reduce(String(parts[0])) { all, part in
      all + "__REDACTED__" + part.split(separator: "»", maxSplits: 1, omittingEmptySubsequences: false)[1]
    }
    #expect(RedactionSet().redact(text) == expected)
  }

  @Test(arguments: left) func isLeft(_ text: String) {
    #expect(RedactionSet().redact(text) == text)
  }

  @Test func onlyWhatIsEnabledIsFound() {
    let set = RedactionSet([.email])
    #expect(set.redact("a@b.io +49 30 1234567 10.0.0.1") == "__REDACTED__ +49 30 1234567 10.0.0.1")
    #expect(RedactionSet([]).redact("a@b.io 4111111111111111") == "a@b.io 4111111111111111")
  }

  @Test func countsAreByDetector() {
    var out = ByteWriter()
    var counts = RedactionCounts()
    let text = SharedBytes("a@b.io, c@d.io, 10.0.0.1".utf8)
    let set = RedactionSet()
    set.redact(text.raw, into: &out, counts: &counts)
    let named = counts.found.enumerated().filter { $0.element > 0 }.map {
      "\(set.names[$0.offset]) \($0.element)"
    }
    #expect(named == ["email 2", "ip 1"])
  }

  @Test func longOnesAreOne() {
    let set = RedactionSet()
    #expect(set.redact("sk-" + String(repeating: "aB", count: 4500) + " end") == "__REDACTED__ end")
    #expect(set.redact("eyJ" + String(repeating: "a", count: 9000) + ".x end") == "__REDACTED__ end")
    #expect(set.redact("a@" + String(repeating: "b.", count: 9000) + "com end") == "__REDACTED__ end")
    // No more of an address than may be one.
    let long = String(repeating: "a", count: 100)
    #expect(set.redact(long + "@b.io") == String(long.prefix(36)) + "__REDACTED__")
  }
}

/// Patterns of the user's own.
@Suite struct BytePatternTests {
  private func redact(_ text: String, _ pattern: String, ignoresCase: Bool = false) throws -> String {
    RedactionSet([], patterns: [("own", try BytePattern(pattern, ignoresCase: ignoresCase))]).redact(text)
  }

  @Test func formsAreFound() throws {
    #expect(try redact("see EMP-123456.", "EMP-\\d{6}") == "see __REDACTED__.")
    #expect(try redact("see EMP-12345.", "EMP-\\d{6}") == "see EMP-12345.")
    #expect(
      try redact("ab1 ab12 ab123 ab1234", "ab\\d{2,3}") == "ab1 __REDACTED__ __REDACTED__ __REDACTED__4")
    #expect(try redact("colour color", "colou?r") == "__REDACTED__ __REDACTED__")
    #expect(try redact("Secret SECRET", "secret", ignoresCase: true) == "__REDACTED__ __REDACTED__")
    #expect(try redact("x-9 x_9 x.9", "x[^a-z._]9") == "__REDACTED__ x_9 x.9")
    #expect(try redact("a.c abc", "a\\.c") == "__REDACTED__ abc")
    #expect(try redact("Grüße Gruesse", "Grüße") == "__REDACTED__ Gruesse")
    #expect(try redact("a\nb a b", "a.b") == "a\nb __REDACTED__")
    #expect(try redact("x1y x12y xy", "x\\d{0,2}y") == "__REDACTED__ __REDACTED__ __REDACTED__")
  }

  @Test(arguments: [
    ("", "empty"), ("a*", "{1,20}"), ("a+", "{1,20}"), ("(a)", "'('"), ("a|b", "'|'"), ("^a", "'^'"),
    ("[a", "no ]"),
    ("[]", "no characters"), ("[z-a]", "range"), ("a{3,2}", "{m,n}"), ("a{65}", "{m,n}"), ("a{x}", "{m,n}"),
    ("a{40}b{40}", "longer"), ("a?", "no characters"), ("\\q", "escape"), ("a\\", "backslash"),
    ("ü{2}", "ASCII"),
    ("[ü]", "ASCII"),
  ])
  func othersAreRefused(_ pattern: String, _ reason: String) {
    let error = #expect(throws: BytePattern.Invalid.self) { try BytePattern(pattern) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "none")")
  }

  /// Against a matcher that tries everything.
  @Test func findsTheLongest() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var parts: [(bytes: Set<UInt8>, least: Int, most: Int)] = []
      var pattern = ""
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let set = ["a", "b", "[ab]", "[^a]"].randomElement(using: &random) ?? "a"
        let least = Int.random(in: 0...2, using: &random)
        let most = Int.random(in: max(least, 1)...3, using: &random)
        let bytes: Set<UInt8> = set == "a" ? [97] : set == "b" ? [98] : set == "[ab]" ? [97, 98] : [98, 99]
        parts.append((bytes, least, most))
        pattern += "\(set){\(least),\(most)}"
      }
      guard let compiled = try? BytePattern(pattern) else { continue }
      let text = SharedBytes((0..<10).map { _ in UInt8.random(in: 97...99, using: &random) })
      func longest(_ part: Int, _ at: Int) -> Int? {
        guard part < parts.count else { return at }
        var best: Int?
        var end = at
        for count in 0...parts[part].most {
          if count > 0 {
            guard end < text.count, parts[part].bytes.contains(text.raw[end]) else { break }
            end += 1
          }
          if count >= parts[part].least, let found = longest(part + 1, end) { best = max(best ?? 0, found) }
        }
        return best
      }
      var found: Int?
      if case .match(let end, _) = compiled.match(text.raw, at: 0, isFinal: true) { found = end }
      #expect(found == longest(0, 0), "\(pattern) in \(String(decoding: text.raw, as: UTF8.self))")
    }
  }
}

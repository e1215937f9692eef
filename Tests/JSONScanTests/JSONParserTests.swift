import Foundation
import JSONScan
import Testing
import Wire

@Suite struct JSONParserTests {
  @Test func findsEveryValue() throws {
    let parser = JSONParser()
    let root = try parser.scan(#" {"a":1,"b":[true,null,{"c":"x\n\u00e9\ud83d\ude00"}],"d":{},"e":-1.5e3} "#)
      .root
    #expect(root["a"]?.int == 1)
    #expect(root["b"]?[0]?.bool == true)
    #expect(root["b"]?[1]?.isNull == true)
    #expect(root["b"]?[2]?["c"]?.string == "x\n\u{e9}\u{1F600}")
    #expect(root["b"]?[3] == nil && root["x"] == nil)
    #expect(root["d"]?.kind == .object)
    #expect(root["e"]?.double == -1500)
    var names: [String] = []
    root.forEachMember { key, _ in names.append(key.string ?? "") }
    #expect(names == ["a", "b", "d", "e"])
    #expect(
      root["b"].map { String(decoding: $0.json, as: UTF8.self) }
        == #"[true,null,{"c":"x\n\u00e9\ud83d\ude00"}]"#)
  }

  /// Foundation's reader is the oracle: both accept or both refuse.
  @Test func agreesWithFoundation() {
    let parser = JSONParser()
    var texts = [
      "1", "\"a\"", "null", "[]", "{}", "[1,2]", "[1 2]", "{\"a\" 1}", "{a:1}", "[tru]",
      "[\"\\x\"]", "[\"a\nb\"]", "[01]", "[-]", "[1.]", "[.5]", "[1e]", "[1e5]", "[\"\\ud83d\"]", "[]]", "[",
      "{\"a\"",
      "[\"\\u12\"]", "nul", "[nulll]", "[\"a\"\"b\"]", "{\"a\":}", "{:1}", "[,1]", "{\"a\":1 \"b\":2}",
      "[1]x",
    ]
    let whole =
      #"{"type":"llm.delta","index":3,"tags":{"a":"b"},"data":{"text":"h\u0069 \"x\"","n":[1,2.5e-3,true]}}"#
    texts += (0..<whole.utf8.count).map { String(whole.prefix($0)) } + [whole]
    for text in texts where !text.isEmpty && text != "[\"\\ud83d\"]" {
      let ours = (try? parser.scan(text)) != nil
      let theirs =
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
      #expect(ours == theirs, "\(text) ours \(ours)")
    }
  }

  @Test func refusesInvalidUTF8AndDepth() {
    let parser = JSONParser()
    let bad: [UInt8] = [0x5B, 0x22, 0xFF, 0x22, 0x5D]
    _ = bad.withUnsafeBytes { bytes in
      #expect(throws: JSONError.self) { try parser.scan(copying: bytes) }
    }
    #expect(throws: JSONError.self) {
      try parser.scan(String(repeating: "[", count: 200) + String(repeating: "]", count: 200))
    }
    #expect(throws: JSONError.self) { try parser.scan("") }
    // Foundation lets these two pass; RFC 8259 does not.
    #expect(throws: JSONError.self) { try parser.scan("[1,]") }
    #expect(throws: JSONError.self) { try parser.scan("{\"a\":1,}") }
  }

  /// RFC 8259 §7, and surrogates in pairs.
  @Test(arguments: [
    #"\""#, #"\\"#, #"\/\b\f\n\r\t"#, #"\u00e9"#, #"\uD83D\uDE00"#, #"\ud83d\ude00x"#, #"\\u12"#, #"a\\\""#,
  ])
  func takesEveryEscape(_ escape: String) throws {
    let parser = JSONParser()
    let ours = try parser.scan("[\"\(escape)\"]").root[0]?.string
    #expect(
      ours == (try JSONSerialization.jsonObject(with: Data("[\"\(escape)\"]".utf8)) as? [String])?.first)
  }

  @Test(arguments: [
    #"\x"#, #"\u12"#, #"\u12g4"#, #"\ud83d"#, #"\ud83dx"#, #"\ud83d\n1234"#, #"\ud83d\u0041"#, #"\ude00"#,
    #"\U0041"#,
    #"\'"#, #"\ud83d\ud83d"#,
  ])
  func refusesWhatIsNoEscape(_ escape: String) {
    let parser = JSONParser()
    #expect(throws: JSONError.self) { try parser.scan("[\"\(escape)\"]") }
    #expect(throws: JSONError.self) { try parser.scan("{\"\(escape)\":1}") }
  }

  /// A text of any length is read, and small ones after a huge one.
  @Test func growsWithTheTextAndShrinksAgain() throws {
    let parser = JSONParser()
    for count in [1, 10_000, 1, 700_000, 3, 70_000] {
      let text = "[" + Array(repeating: "[1]", count: count).joined(separator: ",") + "]"
      #expect(try parser.scan(text).count == 2 * count + 1)
    }
  }

  @Test(arguments: [
    "0", "-0", "7", "-12", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "99999999999999999999", "1.0", "1e3", "-1.5",
  ])
  func readsIntegersOf64Bits(_ text: String) throws {
    let parser = JSONParser()
    #expect(try parser.scan(text).root.int == Int64(text))
  }

  @Test func minifies() {
    let text = " { \"a b\" : [ 1 ,\n\t\"x \\\" y\" ] }\r\n"
    var writer = ByteWriter()
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { JSONParser.minify($0, into: &writer) }
    #expect(writer.string == #"{"a b":[1,"x \" y"]}"#)
  }

  /// Every sequence of up to five tokens, alone and inside an object and an array: what Foundation refuses is refused.
  @Test func agreesOnEverySequenceOfTokens() {
    let tokens = ["{", "}", "[", "]", ":", ",", "\"a\"", "1", "true"]
    let parser = JSONParser()
    var sequences: [[String]] = [[]]
    for _ in 0..<5 {
      sequences = sequences.flatMap { shorter in tokens.map { shorter + [$0] } }
      for sequence in sequences { check(sequence.joined(), parser) }
      guard sequences[0].count < 5 else { break }
      for sequence in sequences {
        check("{\"k\":" + sequence.joined() + "}", parser)
        check("[" + sequence.joined() + ",0]", parser)
      }
    }
  }

  /// Longer texts, most of them one token away from being right.
  @Test func agreesOnTextsWithATokenChanged() {
    let tokens = ["{", "}", "[", "]", ":", ",", "\"a\"", "\"\\n\"", "-1", "null", " "]
    let right = [
      "{", "\"a\"", ":", "\"b\"", ",", "\"c\"", ":", "[", "1", ",", "\"d\"", ",", "{", "}", "]", ",", "\"e\"",
      ":", "{", "\"f\"", ":", "true", "}", "}",
    ]
    let parser = JSONParser()
    for at in right.indices {
      for token in tokens {
        for change in 0..<3 {
          var text = right
          switch change {
          case 0: text[at] = token
          case 1: text.insert(token, at: at)
          default: text.replaceSubrange(at..<min(at + 2, text.count), with: [token])
          }
          check(text.joined(), parser)
        }
      }
    }
  }

  /// Whatever stands behind a text is not read as part of it.
  private func check(_ text: String, _ parser: JSONParser, _ place: SourceLocation = #_sourceLocation) {
    let theirs = (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    // Foundation lets a comma before a closing bracket pass; RFC 8259 does not.
    let solid = text.filter { $0 != " " }
    let trailing = solid.contains(",]") || solid.contains(",}")
    for behind in ["", ":1}", "\",1]"] {
      let bytes = Array((text + behind).utf8) + Array(repeating: 0x20, count: JSONParser.padding)
      let ours = bytes.withUnsafeBytes { all in
        (try? parser.scan(padded: UnsafeRawBufferPointer(rebasing: all[0..<text.utf8.count]))) != nil
      }
      guard ours != (theirs && !trailing) else { continue }
      Issue.record("\(text) before \(behind): ours \(ours), Foundation's \(theirs)", sourceLocation: place)
      return
    }
  }
}

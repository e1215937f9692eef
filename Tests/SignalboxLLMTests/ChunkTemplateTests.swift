import Foundation
import Testing

@testable import SignalboxLLM

/// Chunks that repeat a shape are not parsed; what comes out must not tell.
@Suite struct ChunkTemplateTests {
  private func text(_ deltas: [String]) -> String {
    CallTape.run(sse(deltas.map { chunk($0) } + [chunk("{}", finish: "stop")])).text()
  }

  @Test func anyTextOfTheSameShapeIsRead() {
    let pieces = [
      "a", #"\n"#, #"\"x\" \\ \/\t"#, "é", #"\u00e9\ud83d\ude00"#, "😀", "}", "]", "{\\\"content\\\":", " ",
    ]
    let expected = pieces.map { piece in
      (try? JSONSerialization.jsonObject(with: Data("[\"\(piece)\"]".utf8)) as? [String])?.first ?? ""
    }
    #expect(text(pieces.map { #"{"content":"\#($0)"}"# }) == expected.joined())
  }

  @Test func timeAndPaddingMayDiffer() {
    let payloads = (0..<20).map {
      #"{"id":"c","created":\#($0 * 977),"choices":[{"index":0,"delta":{"content":"\#($0) "}}],"obfuscation":"\#(String(repeating: "x", count: $0))"}"#
    }
    let tape = CallTape.run(sse(payloads))
    #expect(tape.text() == (0..<20).map { "\($0) " }.joined())
    #expect(tape.events.filter { $0.type == "llm.delta" }.count == 20)
  }

  @Test func whatDiffersElsewhereIsParsed() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"content":"a"}"#), chunk(#"{"content":"b"}"#),
        chunk(#"{"content":"c"}"#, extra: #","usage":{"prompt_tokens":1,"completion_tokens":9}"#),
        #"{"id":"c1","choices":[{"index":1,"delta":{"content":"d"}}]}"#,
        #"{"id":"c1","choices":[{"index":0,"delta":{"content":"e"}}]}"#,
        chunk(#"{"content":"f"}"#, finish: "length"),
      ]))
    #expect(tape.text() == "abcef" && tape.text(choice: 1) == "d")
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 9)
    #expect(tape.last.data["finish_reason"] as? String == "length")
  }

  @Test func aBrokenPayloadOfTheSameShapeIsNoText() {
    let good = chunk(#"{"content":"a"}"#)
    let bad = good.replacingOccurrences(of: "\"a\"", with: "\"a\u{1}\"")
    let worse = good.replacingOccurrences(of: "\"a\"", with: #""a\x""#)
    let leadingZero = good.replacingOccurrences(of: #""created":1"#, with: #""created":01"#)
    let tape = CallTape.run(sse([good, good, bad, worse, leadingZero, good, chunk("{}", finish: "stop")]))
    #expect(tape.text() == "aaa" && tape.decoder.counts.malformed == 3)
  }

  @Test func everyLineEndingAndSplitGivesTheSame() {
    let body = sse(
      ["a", "b", "é", "c", "d"].map { chunk(#"{"content":"\#($0)"}"#) } + [chunk("{}", finish: "stop")])
    let expected = CallTape.run(body).summary
    for ending in ["\r\n", "\r"] {
      let bytes = Array(body.replacingOccurrences(of: "\n", with: ending).utf8)
      #expect(CallTape.run([bytes]).summary == expected)
      for cut in stride(from: 1, to: bytes.count, by: 5) {
        #expect(CallTape.run([Array(bytes[..<cut]), Array(bytes[cut...])]).summary == expected, "\(cut)")
      }
    }
    let bytes = Array(body.utf8)
    for cut in 1..<bytes.count {
      #expect(CallTape.run([Array(bytes[..<cut]), Array(bytes[cut...])]).summary == expected, "\(cut)")
    }
  }

  @Test func anEventWithMoreThanItsDataIsDecoded() {
    let repeated = chunk(#"{"content":"a"}"#)
    let body =
      sse([repeated, repeated], done: false) + "data: \(repeated)\ndata: \n\n"
      + "event: error\ndata: \(repeated)\n\n"
    let tape = CallTape.run(body)
    #expect(tape.text() == "aaaa" && tape.last.type == "llm.error")
  }

  @Test func argumentsStayWithTheirCall() {
    let tape = CallTape.run(
      sse(
        [
          #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
          #"{"index":0,"function":{"arguments":"1"}}"#,
          #"{"index":0,"function":{"arguments":"2"}}"#,
          #"{"index":0,"id":"b","function":{"name":"g","arguments":""}}"#,
          #"{"index":0,"function":{"arguments":"3"}}"#, #"{"index":0,"function":{"arguments":"4"}}"#,
        ].map { chunk(#"{"tool_calls":[\#($0)]}"#) } + [chunk("{}", finish: "tool_calls")]))
    #expect(tape.text("tool_arguments", tool: 0) == "12" && tape.text("tool_arguments", tool: 1) == "34")
  }
}

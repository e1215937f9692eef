import Foundation
import JSONScan
import Testing

@testable import SignalboxLLM

@Suite struct UsageChunkFilterTests {
  /// Runs a stream through the filter, whole, split at every byte, and byte by byte.
  private func filter(_ text: String, limit: Int = 1 << 20) -> String {
    let bytes = Array(text.utf8)
    let parser = JSONParser()
    func run(_ pieces: [[UInt8]]) -> String {
      var filter = UsageChunkFilter(parser: parser, limit: limit)
      var kept: [UInt8] = []
      for piece in pieces { piece.withUnsafeBytes { filter.feed($0) { kept += $0 } } }
      filter.finish { kept += $0 }
      return String(decoding: kept, as: UTF8.self)
    }
    let whole = run([bytes])
    for cut in 1..<max(bytes.count, 1) {
      let split = run([Array(bytes[..<cut]), Array(bytes[cut...])])
      if split != whole { Issue.record("cut at \(cut): \(split)") }
    }
    #expect(run(bytes.map { [$0] }) == whole)
    return whole
  }

  private let usage =
    #"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#

  @Test(arguments: ["\n", "\r\n", "\r"]) func givesWhatWouldHaveComeUnasked(_ ending: String) {
    let deltas = [#"{"role":"assistant","content":""}"#, #"{"content":"é \"usage\":null"}"#, "{}"]
    let padding = #","obfuscation":"x""#
    let asked = sse(deltas.map { chunk($0, extra: #","usage":null"# + padding) } + [usage])
    let unasked = sse(deltas.map { chunk($0, extra: padding) })
    func ended(_ text: String) -> String { text.replacingOccurrences(of: "\n", with: ending) }
    #expect(filter(ended(asked)) == ended(unasked))
  }

  @Test func whereverTheMemberStands() {
    #expect(filter("data: {\"usage\":null,\"choices\":[1]}\n\n") == "data: {\"choices\":[1]}\n\n")
    #expect(filter("data:{ \"usage\" : null , \"a\":1}\n\n") == "data:{  \"a\":1}\n\n")
    #expect(filter("data: {\"a\":1 , \"usage\": null }\n\n") == "data: {\"a\":1  }\n\n")
    #expect(filter("data: {\"usage\":null}\n\n") == "data: {}\n\n")
  }

  @Test(arguments: [
    // Usage beside an answer is the server's own.
    #"{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}}"#, #"{"usage":{"prompt_tokens":1}}"#,
    #"{"choices":null,"usage":{}}"#, #"{"choices":[],"usage":1}"#,
    // Azure's first chunk, and usage that lies deeper.
    #"{"choices":[],"prompt_filter_results":[]}"#, #"{"choices":[{"usage":null}]}"#,
    #"{"choices":[{"delta":{"content":"\"usage\":null"}}]}"#,
    // Not clear, or no JSON.
    #"{"usage":null,"usage":null}"#, #"{"usage":null"#, #"["usage",null]"#, "[DONE]", "",
  ])
  func whatIsNotOursPasses(_ payload: String) {
    let text = ": comment\n\nevent: x\nid: 1\ndata: \(payload)\n\n\n\ndata:\n\nretry: 1\n\n"
    #expect(filter(text) == text)
  }

  @Test func dataOfSeveralLinesPasses() {
    let text = "data: {\"choices\":[],\ndata: \"usage\":null}\n\n"
    #expect(filter(text) == text)
  }

  @Test func theLastEventMayLackItsEmptyLine() {
    #expect(filter("data: {\"a\":1,\"usage\":null}\n\ndata: [DONE]") == "data: {\"a\":1}\n\ndata: [DONE]")
    #expect(filter("data: \(usage)\n") == "")
    #expect(filter("data: {\"a\":1,\"usage\":nu") == "data: {\"a\":1,\"usage\":nu")
  }

  @Test func aLongEventPassesAndAllBehindIt() {
    let long = "data: {\"a\":\"\(String(repeating: "x", count: 100))\"}\n\n"
    let text = "data: {\"usage\":null}\n\n" + long + "data: {\"usage\":null}\n\n"
    #expect(filter(text, limit: 60) == "data: {}\n\n" + long + "data: {\"usage\":null}\n\n")
  }
}

@Suite struct UsageQuestionTests {
  private func ask(_ request: String) -> String? {
    let bytes = Array(request.utf8)
    return (bytes + [UInt8](repeating: 0, count: 64)).withUnsafeBytes {
      UsageQuestion.ask(UnsafeRawBufferPointer(rebasing: $0[..<bytes.count]), parser: JSONParser())
    }.map { String(decoding: $0.raw, as: UTF8.self) }
  }

  @Test func addsOneMemberAndKeepsAllOtherBytes() {
    #expect(
      ask("\n{ \"stream\" : true, \"messages\":[{}] }\n")
        == "\n{\"stream_options\":{\"include_usage\":true}, \"stream\" : true, \"messages\":[{}] }\n")
  }

  @Test(arguments: [
    #"{"messages":[]}"#, #"{"stream":false}"#, #"{"stream":null}"#, #"{"stream":"true"}"#,
    #"{"stream":true,"stream_options":{}}"#, #"{"stream":true,"stream_options":null}"#,
    #"{"stream":true,"stream_options":{"include_usage":false}}"#, #"{"stream":true,"stream":false}"#,
    #"{"stream":true,"stream\u005foptions":{}}"#, #"{"stream":true,"data_sources":[]}"#, #"{"stream":true"#,
    "[]", "", "{}", "not json {",
  ])
  func leavesEverythingElseAlone(_ request: String) { #expect(ask(request) == nil) }
}

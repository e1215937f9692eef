import Foundation
import Testing

@testable import SignalboxLLM

/// More of what OpenAI, Azure and compatible servers make of chat completions.
@Suite struct ChatQuirkTests {
  private let finished = chunk(#"{"content":"a"}"#, finish: "stop")

  @Test func usageThatNeverArrivesIsEstimated() {
    let tape = CallTape.run(sse([finished], done: false))
    #expect(tape.last.type == "llm.end")
    #expect(tape.only("llm.usage")?.data["provenance"] as? String == "estimated")
  }

  @Test func tokensWrittenToACacheAreNoFreshInput() {
    let usage =
      #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":2}}}"#
    let data = CallTape.run(sse([finished, usage])).only("llm.usage")?.data
    #expect(data?["input"] as? Int == 5 && data?["cached_read"] as? Int == 3)
    #expect(data?["cache_write"] as? Int == 2 && data?["total"] as? Int == 11)
  }

  @Test func deepSeekTellsItsCacheBesideTheTotals() {
    let usage =
      #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}}"#
    let data = CallTape.run(sse([finished, usage])).only("llm.usage")?.data
    #expect(data?["input"] as? Int == 6 && data?["cached_read"] as? Int == 4)
  }

  @Test func groqTellsItsUsageInAMemberOfItsOwn() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"content":"a"}"#),
        chunk(
          "{}", finish: "stop",
          extra: #","x_groq":{"id":"r","usage":{"prompt_tokens":2,"completion_tokens":5}}"#),
      ]))
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 5)
  }

  @Test func anErrorBesideChoicesIsAFailure() {
    let tape = CallTape.everySplit(
      sse([
        chunk(#"{"content":"a"}"#),
        #"{"id":"c1","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
      ]), .chat)
    #expect(tape.last.type == "llm.error" && tape.last.data["message"] as? String == "Provider disconnected")
    #expect(tape.last.data["status"] as? Int == 502 && tape.last.data["retryable"] as? Bool == true)
  }

  @Test func azureRefusesWithItsFilter() {
    let tape = CallTape.run(
      #"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
      status: 400)
    #expect(tape.last.data["code"] as? String == "content_filter")
    #expect(tape.last.data["message"] as? String == "The response was filtered")
  }

  @Test func azuresFrontRefusesInItsOwnForm() {
    let tape = CallTape.run(#"{"statusCode":429,"message":"Rate limit is exceeded."}"#, status: 429)
    #expect(tape.last.data["message"] as? String == "Rate limit is exceeded.")
  }

  @Test func azureSplitHoweverIsTheSame() {
    let tape = CallTape.everySplit(Fixtures.azure, .chat)
    #expect(tape.last.data["model"] as? String == "gpt-4o-2024-08-06" && tape.text() == "Hello")
  }

  @Test func commentsOfProxiesAreSkipped() {
    let body =
      ": OPENROUTER PROCESSING\n\n" + sse([finished], done: false) + ": keep-alive\n\ndata: [DONE]\n\n"
    let tape = CallTape.everySplit(body, .chat)
    #expect(tape.text() == "a" && tape.last.type == "llm.end")
  }

  @Test func speechIsReadAsItsTranscript() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"audio":{"id":"a1","transcript":"He"}}"#), chunk(#"{"audio":{"data":"UklGRg=="}}"#),
        chunk(#"{"audio":{"transcript":"y"}}"#, finish: "stop"),
      ]))
    #expect(tape.text() == "Hey" && !tape.summary.joined().contains("UklG"))
  }

  @Test func sourcesAreAnnotations() {
    let source = #"{"annotations":[{"type":"url_citation","url_citation":{"url":"https://example.com"}}]}"#
    let tape = CallTape.run(sse([finished, chunk(source)]))
    #expect(
      (tape.only("llm.annotation")?.data["annotation"] as? [String: Any])?["type"] as? String
        == "url_citation")
  }
}

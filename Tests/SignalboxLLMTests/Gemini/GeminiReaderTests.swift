import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct GeminiReaderTests {
  private func run(_ payloads: [String]) -> CallTape {
    CallTape.run(sse(payloads, done: false), .gemini)
  }

  private func finished(_ usage: String) -> String {
    #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{\#(usage)}}"#
  }

  private func expectText(_ tape: CallTape) {
    #expect(tape.text() == "Grüße 😀\n" && tape.text("reasoning") == "First think")
    let usage = tape.only("llm.usage")!.data
    #expect(usage["input"] as? Int == 7 && usage["cached_read"] as? Int == 4)
    #expect(usage["output"] as? Int == 14 && usage["reasoning"] as? Int == 11 && usage["total"] as? Int == 25)
    #expect(usage["provenance"] as? String == "provider_final")
    #expect((usage["raw"] as? [String: Any])?["thoughtsTokenCount"] as? Int == 11)
    #expect(tape.events.filter { $0.type == "llm.annotation" }.count == 2)
    let end = tape.last.data
    #expect(end["finish_reason"] as? String == "STOP" && end["response"] as? String == "g1")
    #expect(end["model"] as? String == "gemini-2.5-flash")
  }

  @Test(arguments: ["\n", "\r", "\r\n"]) func tellsAStreamHoweverItIsSplit(_ ending: String) {
    let body = sse(GeminiFixtures.text, done: false).replacingOccurrences(of: "\n", with: ending)
    expectText(CallTape.everySplit(body, .gemini))
  }

  @Test func tellsAnArrayHoweverItIsSplit() {
    expectText(CallTape.everySplit("[" + GeminiFixtures.text.joined(separator: "\n,\r\n") + "\n]\n", .gemini))
    let tools = CallTape.everySplit("[\(GeminiFixtures.tools.joined(separator: ","))]", .gemini)
    #expect(tools.text("tool_arguments", tool: 0) == #"{"city":"Wien","n":[1,2]}"#)
  }

  @Test func tellsAPlainReply() {
    let tape = CallTape.everySplit(finished(#""promptTokenCount":1,"totalTokenCount":3"#), .gemini)
    #expect(tape.text() == "a" && tape.only("llm.usage")?.data["output"] as? Int == 2)
    #expect(tape.last.type == "llm.end")
  }

  @Test func callsAreWholeAndHaveTheirPlaces() {
    let tape = CallTape.everySplit(sse(GeminiFixtures.tools, done: false), .gemini)
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien","n":[1,2]}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    let tools = tape.events.compactMap { $0.data["tool"] as? [String: Any] }
    #expect(tools.map { $0["name"] as? String } == ["weather", "clock"])
    #expect(tools.map { $0["id"] as? String } == [nil, "fn_2"])
  }

  @Test func aFunctionCalledTwiceIsTwoCalls() {
    let call =
      #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":1}}}]},"finishReason":"STOP"}]}"#
    let tape = run([call, call])
    #expect(tape.text("tool_arguments", tool: 0) == #"{"n":1}"#)
    #expect(tape.text("tool_arguments", tool: 1) == #"{"n":1}"#)
  }

  @Test func severalCandidatesAreToldApart() {
    let tape = CallTape.everySplit(sse(GeminiFixtures.twoCandidates, done: false), .gemini)
    #expect(tape.text(choice: 0) == "Aa" && tape.text(choice: 1) == "Bb")
    #expect(tape.last.data["finish_reasons"] as? [String] == ["STOP", "MAX_TOKENS"])
    #expect(run([GeminiFixtures.twoCandidates[0]]).last.data["reason"] as? String == "incomplete")
  }

  @Test func signaturesAreForTheClientNotForTheLog() {
    let text = sse(GeminiFixtures.text, done: false)
    #expect(SignatureProbe.signatures(of: text, .gemini) == ["Q2lR"])
    #expect(SignatureProbe.signatures(of: sse(GeminiFixtures.tools, done: false), .gemini) == ["Q2lS"])
    #expect(!CallTape.run(text, .gemini).summary.joined().contains("Q2lR"))
  }

  // MARK: Usage

  @Test func usageIsCumulativeAndTheLastCounts() {
    let tape = run([
      #"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":4}}"#,
      finished(#""promptTokenCount":3,"totalTokenCount":9"#),
    ])
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 6)
  }

  @Test func usageInTheLastChunkOnly() {
    let tape = run([
      #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#,
      #"{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1,"totalTokenCount":4}}"#,
    ])
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 1 && tape.last.type == "llm.end")
  }

  @Test func withoutATotalCandidatesAndThoughtsAreTheOutput() {
    let tape = run([
      finished(#""promptTokenCount":3,"candidatesTokenCount":5,"thoughtsTokenCount":2"#)
    ])
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 7)
  }

  @Test func theTotalSettlesWhetherThoughtsAreInsideTheCandidates() {
    for candidates in [5, 7] {
      let tape = run([
        finished(
          #""promptTokenCount":3,"candidatesTokenCount":\#(candidates),"thoughtsTokenCount":2,"totalTokenCount":10"#
        )
      ])
      #expect(tape.only("llm.usage")?.data["output"] as? Int == 7)
    }
  }

  @Test func usageOfACutStreamIsPartial() {
    let tape = run([
      #"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":4}}"#
    ])
    #expect(tape.last.data["reason"] as? String == "incomplete")
    #expect(tape.only("llm.usage")?.data["provenance"] as? String == "provider_partial")
  }

  // MARK: What is refused

  @Test func aBlockedPromptHasNoCandidatesAndAReason() {
    let tape = CallTape.everySplit(sse(GeminiFixtures.blocked, done: false), .gemini)
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == "PROHIBITED_CONTENT")
    #expect(tape.only("llm.usage")?.data["input"] as? Int == 7)
    let plain = CallTape.run(
      #"{"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"Not this"}}"#, .gemini)
    #expect(plain.text("refusal") == "Not this" && plain.last.data["finish_reason"] as? String == "SAFETY")
  }

  @Test(arguments: ["MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", "RECITATION"])
  func aCandidateWithoutContentHasItsReason(_ reason: String) {
    let tape = run([#"{"candidates":[{"finishReason":"\#(reason)","index":0}]}"#])
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == reason)
  }

  @Test func anUnspecifiedReasonIsNone() {
    let tape = run([#"{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#])
    #expect(tape.last.data["reason"] as? String == "incomplete")
  }

  @Test func aBareErrorInAStreamIsAFailure() {
    let error = """
      {
        "error": {
          "code": 429,
          "message": "Resource: exhausted",
          "status": "RESOURCE_EXHAUSTED"
        }
      }
      """
    let start = sse([GeminiFixtures.text[0]], done: false)
    for (before, after) in [(start, ""), (start, "\n"), ("", ""), (start, "\r\n\r\n")] {
      let tape = CallTape.everySplit(before + error + after, .gemini)
      #expect(tape.last.type == "llm.error" && tape.last.data["message"] as? String == "Resource: exhausted")
      #expect(tape.last.data["status"] as? Int == 429 && tape.last.data["retryable"] as? Bool == true)
      #expect(tape.last.data["code"] as? String == "RESOURCE_EXHAUSTED")
    }
  }

  @Test func errorsInAndInPlaceOfStreamsAreFailures() {
    let error = #"{"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}"#
    for body in [
      sse([GeminiFixtures.text[0], error], done: false), "[\(GeminiFixtures.text[0]),\(error)]", "[\(error)]",
      error,
    ] {
      let tape = CallTape.run(body, .gemini)
      #expect(tape.last.data["code"] as? String == "UNAVAILABLE" && tape.last.data["status"] as? Int == 503)
    }
    for body in [error, "[\(error)]"] {
      let tape = CallTape.run(body, .gemini, status: 503)
      #expect(tape.last.data["message"] as? String == "Overloaded")
      #expect(tape.last.data["code"] as? String == "UNAVAILABLE")
    }
  }

  @Test func aBrokenArrayIsNoSuccess() {
    let first = GeminiFixtures.text[0]
    #expect(CallTape.run("[\(first),", .gemini).last.data["reason"] as? String == "incomplete")
    #expect(CallTape.run("[]", .gemini).last.data["reason"] as? String == "incomplete")
    let corrupt = CallTape.run("[\(first)] trailing", .gemini)
    #expect(corrupt.last.data["unread"] as? String == "the reply's encoding is broken")
  }

  // MARK: What is odd

  @Test func imagesAndCodeAreKeptAsTheyAre() {
    let tape = CallTape.everySplit(sse(GeminiFixtures.media, done: false), .gemini)
    #expect(tape.text() == "1" && tape.events.contains { $0.type == "llm.opaque" })
    #expect(tape.summary.joined().contains("print(1)"))
    let image = String(repeating: "iVBORw0K", count: 200_000)
    let long = run([
      #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(image)"}}]},"finishReason":"STOP"}]}"#
    ])
    #expect(long.last.type == "llm.end" && long.summary.joined().utf8.count < 20_000)
    #expect(long.summary.joined().contains("bytes cut]"))
  }

  @Test func answersOfCodeAssistAreUnwrapped() {
    let tape = run([#"{"response":\#(finished(#""totalTokenCount":2"#)),"traceId":"t"}"#])
    #expect(tape.text() == "a" && tape.last.data["finish_reason"] as? String == "STOP")
  }

  @Test func argumentsInPiecesAreKeptAsTheyAre() {
    let tape = run([
      #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]}"#,
      #"{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"x"}],"willContinue":true}}]}}]}"#,
      #"{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}"#,
    ])
    #expect(
      (tape.events.first { $0.data["tool"] != nil }?.data["tool"] as? [String: Any])?["name"] as? String
        == "f")
    #expect(tape.events.filter { $0.type == "llm.opaque" }.count == 1 && tape.last.type == "llm.end")
  }

  @Test func aDoneOfACompatibleServerMeansNothing() {
    let tape = CallTape.run(sse([finished(#""totalTokenCount":2"#)], done: true), .gemini)
    #expect(tape.last.type == "llm.end" && tape.decoder.counts.malformed == 0)
  }
}

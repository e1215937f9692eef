import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct CallDecoderTests {
  @Test(arguments: Fixtures.all) func splitAtEveryByteItIsTheSame(_ body: String) {
    let bytes = Array(body.utf8)
    let whole = CallTape.run([bytes]).summary
    #expect(whole.count > 1)
    for cut in 1..<bytes.count {
      #expect(CallTape.run([Array(bytes[..<cut]), Array(bytes[cut...])]).summary == whole, "cut at \(cut)")
    }
    #expect(CallTape.run(bytes.map { [$0] }).summary == whole)
  }

  @Test func tellsAStream() {
    let tape = CallTape.run(Fixtures.openAI)
    #expect(tape.events.map(\.type) == ["llm.start", "llm.delta", "llm.delta", "llm.usage", "llm.end"])
    #expect(tape.text() == "Grüße 😀\n\"hi\"")
    #expect(tape.events[1].object["index"] as? Int == 0)
    #expect(tape.events[2].object["index"] as? Int == 1)
    let usage = tape.only("llm.usage")!.data
    #expect(usage["input"] as? Int == 5 && usage["cached_read"] as? Int == 4 && usage["output"] as? Int == 3)
    #expect(usage["reasoning"] as? Int == 1 && usage["total"] as? Int == 12)
    #expect(usage["provenance"] as? String == "provider_final")
    #expect((usage["raw"] as? [String: Any])?["total_tokens"] as? Int == 12)
    let end = tape.last.data
    #expect(end["finish_reason"] as? String == "stop" && end["response"] as? String == "c1")
    #expect(end["status"] as? Int == 200 && end["service_tier"] as? String == "default")
    #expect(end["model"] as? String == "gpt-4o-2024-08-06")
    let timing = end["timing"] as! [String: Any]
    #expect(timing["deltas"] as? Int == 2 && timing["first_delta_ms"] as? Double == 1)
    for event in tape.events {
      #expect(event.object["trace"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
      #expect(event.object["session"] as? String == "s1" && event.object["model"] as? String == "gpt-4o")
    }
  }

  @Test func joinsDeltasOfOneReadAndLosesNothing() {
    let tape = CallTape.run([Array(Fixtures.openAI.utf8)], merging: true)
    #expect(tape.events.map(\.type) == ["llm.start", "llm.delta", "llm.usage", "llm.end"])
    #expect(tape.text() == "Grüße 😀\n\"hi\"")
    #expect(tape.events[1].object["index"] as? Int == 0 && tape.events[1].object["count"] as? Int == 2)
    let tools = CallTape.run([Array(Fixtures.tools.utf8)], merging: true)
    #expect(tools.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tools.events[1].object["count"] as? Int == 3)
    #expect(tools.events[2].object["index"] as? Int == 3)
  }

  @Test func tellsARequest() {
    let tape = CallTape(tags: #"{"team":"a"}"#)
    tape.start(
      #"{ "model":"o3", "stream": false, "messages":[ {"role":"user","content":[{"type":"text","text":"Hi"}]} ], "temperature":0.5, "tools":[{"type":"function","function":{"name":"f"}}] }"#
    )
    let start = tape.last
    #expect(start.object["phase"] as? String == "start" && start.object["model"] as? String == "o3")
    #expect(start.object["tags"] as? [String: String] == ["team": "a"])
    #expect(start.data["operation"] as? String == "chat" && start.data["stream"] as? Bool == false)
    #expect(start.data["endpoint"] as? String == "/v1/chat/completions")
    #expect(start.data["tools"] as? [String] == ["f"])
    #expect((start.data["options"] as? [String: Any])?["temperature"] as? Double == 0.5)
    #expect((start.data["input"] as? [[String: Any]])?.first?["role"] as? String == "user")
  }

  @Test func cutsALongRequestAndSaysSo() {
    let long = String(repeating: "é\\n", count: 100_000)
    let tape = CallTape()
    tape.start(
      #"{"model":"m","messages":[{"role":"user","content":"\#(long)"},{"role":"user","content":"b"}]}"#)
    let input = tape.last.data["input"] as? [[String: Any]]
    #expect((input?[0]["content"] as? String)?.hasSuffix("bytes cut]") == true)
    #expect(input?[1]["content"] as? String == "b")
    #expect(tape.last.data["input_bytes"] as? Int ?? 0 > 400_000)
    #expect(tape.decoder.request.text.hundredths == 100_000 * (75 + 35) + 25)
    let many = (0..<200).map { _ in #"{"role":"user","content":"\#(String(repeating: "x", count: 5000))"}"# }
    tape.start(#"{"model":"m","messages":[\#(many.joined(separator: ","))]}"#)
    let kept = tape.last.data["input"] as? [Any]
    #expect(kept?.count ?? 0 < 60 && (kept?.last as? String)?.contains("more, left out") == true)
  }

  @Test func aRequestThatIsNoJSONIsSaid() {
    let tape = CallTape()
    tape.start("not json")
    #expect(tape.last.data["unread"] as? String == "the request is not JSON")
    #expect(tape.decoder.hasUnread)
  }

  @Test func aPlainReplyIsTold() {
    let tape = CallTape.run(Fixtures.plain)
    #expect(tape.text() == "Hi" && tape.text("reasoning") == "hm")
    #expect(tape.text("tool_arguments", tool: 1) == #"{"a":1}"#)
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == "tool_calls")
    #expect(tape.only("llm.usage")?.data["provenance"] as? String == "provider_final")
  }

  @Test func severalChoicesAreToldApart() {
    let body = sse([
      #"{"id":"c","choices":[{"index":1,"delta":{"content":"B"}},{"index":0,"delta":{"content":"A"}}]}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
      #"{"id":"c","choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
    ])
    let tape = CallTape.run(body)
    #expect(tape.text(choice: 0) == "A" && tape.text(choice: 1) == "B")
    #expect(tape.last.data["finish_reasons"] as? [String] == ["stop", "length"])
  }

  // MARK: Endings

  @Test func aCutStreamIsIncomplete() {
    let tape = CallTape.run(Fixtures.cut)
    #expect(tape.last.type == "llm.error" && tape.last.data["reason"] as? String == "incomplete")
    let usage = tape.only("llm.usage")!.data
    #expect(usage["provenance"] as? String == "estimated" && usage["confidence"] as? Double == 0.75)
    #expect(usage["input"] as? Int == 1 && usage["output"] as? Int == 1)
  }

  @Test func aFinishWithoutDoneIsAnEnd() {
    let tape = CallTape.run(sse([chunk(#"{"content":"a"}"#), chunk("{}", finish: "stop")], done: false))
    #expect(tape.last.type == "llm.end")
  }

  @Test func doneWithoutFinishIsAnEnd() {
    #expect(CallTape.run(sse([chunk(#"{"content":"a"}"#)])).last.type == "llm.end")
  }

  @Test func oneOfTwoChoicesFinishedIsIncomplete() {
    let body = sse(
      [
        #"{"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"},{"index":1,"delta":{"content":"B"}}]}"#
      ], done: false)
    #expect(CallTape.run(body).last.data["reason"] as? String == "incomplete")
  }

  @Test func anEmptyStreamIsNoSuccess() {
    #expect(CallTape.run("data: [DONE]\n\n").last.data["code"] as? String == "empty_stream")
    #expect(CallTape.run("").last.data["reason"] as? String == "incomplete")
  }

  @Test func anErrorInAStreamIsAFailure() {
    let tape = CallTape.run(Fixtures.errorInStream)
    let error = tape.only("llm.error")!.data
    #expect(error["reason"] as? String == "failed" && error["message"] as? String == "Overloaded")
    #expect(error["code"] as? String == "server_error")
    #expect(tape.only("llm.end") == nil)
  }

  @Test func bareJSONInPlaceOfAStreamIsAFailure() {
    let tape = CallTape.run(#"{"error":"model not loaded"}"#)
    #expect(tape.last.data["message"] as? String == "model not loaded")
  }

  @Test func anEventNamedErrorIsAFailure() {
    let tape = CallTape.run("event: error\ndata: {\"message\":\"no\",\"code\":503}\n\n")
    #expect(tape.last.data["message"] as? String == "no" && tape.last.data["status"] as? Int == 503)
    #expect(tape.last.data["retryable"] as? Bool == true)
  }

  @Test func aRefusalByStatusKeepsItsWordsAndLosesItsKey() {
    let tape = CallTape()
    tape.start()
    tape.respond(429, retryAfter: 1500)
    tape.receive(
      Array(
        #"{"error":{"message":"Bad key sk-proj-abc***xyz789, or\nsk-0123456789","type":"t","code":"rate_limit_exceeded"}}"#
          .utf8))
    tape.finish()
    let error = tape.last.data
    #expect(error["message"] as? String == "Bad key sk-…, or\nsk-…")
    #expect(error["code"] as? String == "rate_limit_exceeded" && error["status"] as? Int == 429)
    #expect(error["retryable"] as? Bool == true && error["retry_after_ms"] as? Double == 1500)
    #expect(tape.only("llm.usage") == nil)
  }

  @Test func aRefusalWithoutJSONIsToldByItsStatus() {
    let tape = CallTape.run("<html>Bad Gateway</html>", status: 502)
    #expect(tape.last.data["message"] as? String == "The provider answered with status 502")
    #expect(
      CallTape.run(#"{"detail":"Not authenticated"}"#, status: 403).last.data["message"] as? String
        == "Not authenticated")
  }

  @Test func aCallerWhoLeavesStillGetsItsUsageCounted() {
    let bytes = Array(Fixtures.openAI.utf8)
    let tape = CallTape()
    tape.start()
    tape.respond()
    tape.receive(Array(bytes[..<700]))
    tape.decoder.cancel()
    tape.receive(Array(bytes[700...]))
    tape.finish()
    #expect(tape.last.type == "llm.error" && tape.last.data["reason"] as? String == "cancelled")
    #expect((tape.last.data["usage"] as? [String: Any])?["provenance"] as? String == "provider_final")
  }

  @Test func aCallerWhoLeavesAfterTheLastTokenCancelsNothing() {
    let tape = CallTape()
    tape.start()
    tape.respond()
    tape.receive(Array(sse([chunk(#"{"content":"a"}"#, finish: "stop")], done: false).utf8))
    tape.decoder.cancel()
    tape.finish()
    #expect(tape.last.type == "llm.end")
  }

  @Test func aBrokenTransferHasOneEnd() {
    let tape = CallTape()
    tape.start()
    tape.respond()
    tape.receive(Array(Fixtures.cut.utf8))
    tape.fail(CallFailure(.incomplete, "the connection broke"))
    tape.finish()
    tape.receive(Array(Fixtures.openAI.utf8))
    #expect(tape.events.filter { ["llm.end", "llm.error"].contains($0.type) }.count == 1)
    #expect(tape.last.data["message"] as? String == "the connection broke")
  }

  // MARK: What cannot be read

  @Test func anUnknownPayloadIsKept() {
    let tape = CallTape.run(
      sse([#"{"type":"ping","n":[1, 2]}"#, chunk(#"{"content":"a"}"#, finish: "stop")]))
    let opaque = tape.only("llm.opaque")!
    #expect((opaque.data["payload"] as? [String: Any])?["type"] as? String == "ping")
    #expect(opaque.object["phase"] == nil && tape.last.type == "llm.end")
  }

  @Test func aPayloadThatIsNoJSONIsCountedAndSkipped() {
    let tape = CallTape.run(sse(["{oops", chunk(#"{"content":"a"}"#, finish: "stop")]))
    #expect(tape.decoder.counts.malformed == 1 && tape.text() == "a" && tape.last.type == "llm.end")
  }

  @Test func anUnknownEncodingIsSaid() {
    let tape = CallTape.run([[1, 2, 3]], encoding: "br")
    #expect(tape.last.type == "llm.end" && tape.last.data["unread"] as? String != nil)
    #expect(tape.decoder.counts.unreadable == 1)
  }

  @Test func aLastEventWithoutItsEmptyLineCounts() {
    let body = sse([chunk(#"{"content":"a"}"#)], done: false)
    #expect(CallTape.run(body + "data: [DONE]").last.type == "llm.end")
    #expect(CallTape.run(body + "data: [DO").last.data["reason"] as? String == "incomplete")
  }

  @Test func anEventOverTheLimitIsSaid() {
    var limits = ReplyDecoder.Limits()
    limits.event = 300
    let tape = CallTape.run(
      [Array(sse([chunk(#"{"content":"\#(String(repeating: "x", count: 400))"}"#)]).utf8)], limits: limits)
    #expect(tape.last.data["unread"] as? String == "the reply or a part of it is too large")
    #expect(tape.decoder.counts.tooLarge == 1)
  }

  @Test func aReplyOverTheLimitIsSaid() {
    var limits = ReplyDecoder.Limits()
    limits.reply = 100
    let tape = CallTape.run([Array(Fixtures.plain.utf8)], limits: limits)
    #expect(tape.last.data["unread"] as? String == "the reply or a part of it is too large")
  }

  @Test func aLongTextBecomesSeveralDeltas() {
    let long = String(repeating: #"é\ud83d\ude00"#, count: 50_000)
    let body = #"{"choices":[{"message":{"content":"\#(long)"},"finish_reason":"stop"}]}"#
    let tape = CallTape.run([Array(body.utf8)])
    let deltas = tape.events.filter { $0.type == "llm.delta" }
    #expect(deltas.count == 3 && deltas.map { $0.object["index"] as? Int } == [0, 1, 2])
    #expect(tape.text() == String(repeating: "é😀", count: 50_000))
  }
}

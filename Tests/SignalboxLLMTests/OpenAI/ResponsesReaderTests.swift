import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct ResponsesReaderTests {
  private func run(_ payloads: [String]) -> CallTape { CallTape.run(typedSSE(payloads), .responses) }

  private let delta =
    #"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"a"}"#
  private let completed =
    #"{"type":"response.completed","response":{"id":"r","object":"response","status":"completed","error":null,"output":[]}}"#

  @Test func tellsAStreamHoweverItIsSplit() {
    let tape = CallTape.everySplit(typedSSE(ResponsesFixtures.text), .responses)
    #expect(tape.text() == "Grüße 😀" && tape.text("reasoning") == "Think first.")
    #expect(
      tape.events.map(\.type) == [
        "llm.start", "llm.delta", "llm.delta", "llm.delta", "llm.delta", "llm.annotation", "llm.usage",
        "llm.end",
      ])
    let note = tape.only("llm.annotation")?.data["annotation"] as? [String: Any]
    #expect(note?["url"] as? String == "https://example.com/a")
    let usage = tape.only("llm.usage")!.data
    #expect(usage["input"] as? Int == 20 && usage["cached_read"] as? Int == 12)
    #expect(usage["cache_write"] as? Int == 5 && usage["output"] as? Int == 11)
    #expect(usage["reasoning"] as? Int == 6 && usage["total"] as? Int == 48)
    #expect(usage["provenance"] as? String == "provider_final")
    let end = tape.last.data
    #expect(end["finish_reason"] as? String == "completed" && end["response"] as? String == "resp_67cb")
    #expect(end["model"] as? String == "gpt-5-2025-08-07" && end["service_tier"] as? String == "default")
  }

  @Test func tellsToolCallsHoweverTheyAreSplit() {
    let tape = CallTape.everySplit(typedSSE(ResponsesFixtures.tools), .responses)
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    #expect(tape.text("tool_arguments", tool: 2) == "ls -l\n")
    #expect(tape.text("tool_arguments", tool: 3) == #"{"q":1}"#)
    let named = tape.events.compactMap { $0.data["tool"] as? [String: Any] }.filter { $0["name"] != nil }
    #expect(named.map { $0["name"] as? String } == ["weather", "clock", "shell", "search"])
    #expect(named.map { $0["id"] as? String } == ["call_a", "call_b", "call_c", "mcp_1"])
    #expect(tape.last.type == "llm.end" && tape.only("llm.opaque") == nil)
  }

  @Test func builtInToolsSayNothingAndIncompleteHasItsReasonAndUsage() {
    let tape = CallTape.everySplit(typedSSE(ResponsesFixtures.builtInTools), .responses)
    #expect(tape.text("refusal") == "No." && tape.only("llm.opaque") == nil)
    #expect(!tape.summary.joined().contains("iVBOR"))
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == "max_output_tokens")
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 11)
  }

  @Test func aWholeResponseIsTold() {
    let tape = CallTape.everySplit(ResponsesFixtures.whole, .responses)
    #expect(tape.text() == "Grüße 😀" && tape.text("reasoning") == "Think first.")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    #expect(tape.only("llm.annotation") != nil && tape.only("llm.usage")?.data["total"] as? Int == 48)
    #expect(tape.last.data["finish_reason"] as? String == "completed")
  }

  @Test func aResponseInTheBackgroundIsNoFailure() {
    let tape = CallTape.everySplit(ResponsesFixtures.background, .responses)
    #expect(tape.events.map(\.type) == ["llm.start", "llm.end"])
    #expect(tape.last.data["finish_reason"] as? String == "queued")
  }

  // MARK: Endings

  @Test func failedIsAFailureWithUsage() {
    let tape = CallTape.everySplit(typedSSE(ResponsesFixtures.failed), .responses)
    #expect(tape.last.type == "llm.error" && tape.last.data["message"] as? String == "The model failed")
    #expect(tape.last.data["code"] as? String == "server_error" && tape.only("llm.usage") != nil)
  }

  @Test func anErrorEventIsAFailure() {
    let tape = CallTape.everySplit(typedSSE(ResponsesFixtures.error), .responses)
    #expect(tape.last.data["message"] as? String == "Slow down")
    #expect(tape.last.data["code"] as? String == "rate_limit_exceeded")
    let nested = run([
      #"{"type":"error","sequence_number":1,"error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"Too long","param":"input"}}"#
    ])
    #expect(nested.last.data["code"] as? String == "context_length_exceeded")
    let uncoded = run([#"{"type":"error","code":null,"message":"Oops","param":null}"#])
    #expect(uncoded.last.data["message"] as? String == "Oops" && uncoded.last.data["code"] == nil)
  }

  @Test func cancelledIsAFailure() {
    let tape = run([#"{"type":"response.cancelled","response":{"id":"r","status":"cancelled"}}"#])
    #expect(tape.last.type == "llm.error" && tape.last.data["code"] as? String == "cancelled")
  }

  @Test func withoutItsTerminalEventAStreamIsIncomplete() {
    for end in [ResponsesFixtures.text.count - 1, 12, 2] {
      let tape = run(Array(ResponsesFixtures.text[..<end]))
      #expect(tape.last.data["reason"] as? String == "incomplete", "\(end)")
    }
    let done = CallTape.run(typedSSE([delta]) + "data: [DONE]\n\n", .responses)
    #expect(done.last.data["reason"] as? String == "incomplete")
  }

  @Test func aDoneBehindTheTerminalEventMeansNothing() {
    let tape = CallTape.run(typedSSE([delta, completed]) + "data: [DONE]\n\n", .responses)
    #expect(tape.last.type == "llm.end" && tape.text() == "a")
  }

  @Test func refusalsByStatusKeepTheirWords() {
    let tape = CallTape.run(
      #"{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
      .responses, status: 404)
    #expect(
      tape.last.data["message"] as? String == "No such model" && tape.last.data["status"] as? Int == 404)
    let failed = CallTape.run(
      #"{"id":"r","object":"response","status":"failed","error":{"code":"server_error","message":"Broke"},"output":[]}"#,
      .responses)
    #expect(failed.last.type == "llm.error" && failed.last.data["message"] as? String == "Broke")
  }

  // MARK: Repeated texts

  @Test func aTextWithoutDeltasIsTakenFromItsEnd() {
    let done = #"{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"whole"}"#
    #expect(run([done, done, completed]).text() == "whole")
    #expect(run([delta, done, completed]).text() == "a")
    let part =
      #"{"type":"response.content_part.done","output_index":0,"content_index":0,"part":{"type":"output_text","text":"part","annotations":[{"type":"file_path"}]}}"#
    let tape = run([part, part, completed])
    #expect(tape.text() == "part" && tape.only("llm.annotation") != nil)
  }

  @Test func anItemWithoutDeltasIsTakenFromItsEnd() {
    let item =
      #"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":"{}"}}"#
    let tape = run([item, completed])
    #expect(tape.text("tool_arguments", tool: 0) == "{}")
    let tool = tape.events[1].data["tool"] as? [String: Any]
    #expect(tool?["id"] as? String == "c" && tool?["name"] as? String == "n")
  }

  @Test func aStreamOfNothingButItsEndIsReadFromThere() {
    let end = #"{"type":"response.completed","response":\#(ResponsesFixtures.whole)}"#
    let tape = run([end])
    #expect(tape.text() == "Grüße 😀" && tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(run([delta, end]).text() == "a")
  }

  @Test func idsOfItemsThatChangeFromEventToEventDoNotMatter() {
    let tape = run([
      #"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"x1","call_id":"c1","name":"f","arguments":""}}"#,
      #"{"type":"response.function_call_arguments.delta","item_id":"x2","output_index":1,"delta":"{}"}"#,
      #"{"type":"response.function_call_arguments.done","item_id":"x3","output_index":1,"arguments":"{}"}"#,
      #"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"x4","call_id":"c1","name":"f","arguments":"{}"}}"#,
      completed,
    ])
    #expect(tape.text("tool_arguments", tool: 0) == "{}" && tape.text("tool_arguments", tool: 1) == "")
  }

  @Test func callsOfToolsAtTheClientAreCalls() {
    let tape = run([
      #"{"type":"response.output_item.done","output_index":0,"item":{"type":"computer_call","id":"i","call_id":"c","action":{"type":"click","x":1},"status":"completed"}}"#,
      #"{"type":"response.output_item.done","output_index":1,"item":{"type":"shell_call_output","id":"o","call_id":"c","output":[]}}"#,
      completed,
    ])
    #expect(tape.text("tool_arguments", tool: 0) == #"{"type":"click","x":1}"#)
    #expect((tape.events[1].data["tool"] as? [String: Any])?["name"] as? String == "computer_call")
    #expect(tape.text("tool_arguments", tool: 1) == "")
  }

  // MARK: What is odd

  @Test func theNameOfTheEventIsEnough() {
    let body = """
      event: response.output_text.delta
      data: {"delta":"a"}

      event: response.completed
      data: {"response":{"status":"completed"}}


      """
    let tape = CallTape.run(body, .responses)
    #expect(tape.text() == "a" && tape.last.type == "llm.end")
  }

  @Test func unknownEventsAreKeptAndKeepalivesAreNot() {
    let tape = run([
      #"{"type":"keepalive","sequence_number":3}"#, #"{"type":"codex.rate_limits","plan":"plus"}"#, delta,
      completed,
    ])
    #expect(tape.only("llm.opaque")?.data["event"] as? String == "codex.rate_limits")
    #expect(tape.text() == "a" && tape.last.type == "llm.end")
  }

  @Test func anImageIsLongerThanOtherEvents() {
    let image = String(repeating: "iVBORw0K", count: 400_000)
    let body = typedSSE([
      #"{"type":"response.image_generation_call.partial_image","output_index":0,"partial_image_b64":"\#(image)"}"#,
      delta, completed,
    ])
    let tape = CallTape.run(body, .responses)
    #expect(tape.text() == "a" && tape.last.type == "llm.end" && tape.last.data["unread"] == nil)
  }

  @Test func aLongUnknownPayloadLosesItsEnd() {
    let tape = run([#"{"type":"new","data":"\#(String(repeating: "A", count: 100_000))"}"#, delta, completed])
    let payload = tape.only("llm.opaque")?.data["payload"] as? [String: Any]
    #expect((payload?["data"] as? String)?.hasSuffix("bytes cut]") == true)
    #expect((payload?["data"] as? String)?.count ?? .max < 10_000)
  }

  @Test func encryptedReasoningIsForTheClientNotForTheLog() {
    #expect(!CallTape.run(typedSSE(ResponsesFixtures.text), .responses).summary.joined().contains("gAAA"))
    #expect(SignatureProbe.signatures(of: typedSSE(ResponsesFixtures.text), .responses) == ["gAAA=="])
    #expect(SignatureProbe.signatures(of: ResponsesFixtures.whole, .responses) == ["gAAA=="])
  }
}

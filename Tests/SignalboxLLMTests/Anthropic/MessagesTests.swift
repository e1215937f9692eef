import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct MessagesTests {
  private typealias Made = MessagesFixtures

  private func run(_ body: String, status: Int = 200) -> CallTape {
    CallTape.run(body, .messages, status: status)
  }

  private func usage(_ tape: CallTape) -> [String: Any] { tape.only("llm.usage")?.data ?? [:] }

  @Test(arguments: MessagesFixtures.all) func splitAtEveryByteItIsTheSame(_ body: String) {
    #expect(CallTape.everySplit(body, .messages).events.count > 2)
  }

  @Test func tellsAStream() {
    let tape = run(Made.plainText)
    #expect(tape.text() == "Grüße 😀\nwieder")
    #expect(
      tape.events.map(\.type) == ["llm.start"] + Array(repeating: "llm.delta", count: 3) + [
        "llm.usage", "llm.end",
      ])
    let end = tape.last.data
    #expect(end["finish_reason"] as? String == "end_turn" && end["response"] as? String == "msg_01")
    #expect(end["model"] as? String == "claude-sonnet-4-5-20250929")
    #expect(end["service_tier"] as? String == "standard" && end["status"] as? Int == 200)
  }

  @Test func reasoningAndToolsAreToldApart() {
    let tape = run(Made.tools)
    #expect(tape.text("reasoning") == "Hm, weather." && tape.text() == "Let me look.")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city": "Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == #"{"zone":"CET"}"#)
    let names = tape.events.compactMap { ($0.data["tool"] as? [String: Any])?["name"] as? String }
    #expect(names == ["weather", "time"] && tape.last.data["finish_reason"] as? String == "tool_use")
  }

  @Test func signaturesAreKeptForTheNextRequestAndNotTold() {
    let items = pieces(of: Made.tools, .messages)
    let signed = items.filter { $0.channel == .signature }
    #expect(signed.map(\.text) == ["EqQBCg==", #"{"data":"EmwK","type":"redacted_thinking"}"#])
    #expect(signed.map(\.isValue) == [false, true])
    #expect(!run(Made.tools).summary.contains { $0.contains("EqQBCg") || $0.contains("EmwK") })
  }

  @Test func whatTheProviderRunsIsMarked() {
    let calls = pieces(of: Made.search, .messages).filter { $0.channel == .toolArguments }
    #expect(calls.map(\.runsAtProvider) == [true, true] && calls.map(\.tool) == [0, 0])
    let own = pieces(of: Made.tools, .messages).filter { $0.channel == .toolArguments }
    #expect(own.count == 4 && own.allSatisfy { !$0.runsAtProvider })
  }

  @Test func resultsOfItsToolsAreOpaqueAndSourcesAreAnnotations() {
    let tape = run(Made.search)
    let payload = tape.only("llm.opaque")?.data["payload"] as? [String: Any]
    #expect((payload?["content_block"] as? [String: Any])?["tool_use_id"] as? String == "srvtoolu_1")
    let source = tape.only("llm.annotation")?.data["annotation"] as? [String: Any]
    #expect(source?["url"] as? String == "https://a.example")
    #expect(tape.last.type == "llm.end")
  }

  @Test func aWholeReplyIsTold() {
    let tape = run(Made.whole)
    #expect(tape.text() == "Hi" && tape.text("reasoning") == "Hm.")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    #expect(tape.only("llm.annotation") != nil && tape.only("llm.opaque") != nil)
    let usage = usage(tape)
    #expect(usage["input"] as? Int == 12 && usage["cached_read"] as? Int == 100)
    #expect(usage["output"] as? Int == 42 && usage["reasoning"] as? Int == 7)
    #expect(usage["cache_write_1h"] == nil && usage["provenance"] as? String == "provider_final")
    #expect(tape.last.data["service_tier"] as? String == "priority")
    #expect(tape.last.data["finish_reason"] as? String == "tool_use")
  }

  // MARK: Usage

  @Test func usageReplacesAndNeverAdds() {
    let usage = usage(run(Made.plainText))
    #expect(usage["input"] as? Int == 12 && usage["cached_read"] as? Int == 100)
    #expect(usage["cache_write"] as? Int == 30 && usage["cache_write_1h"] as? Int == 20)
    #expect(usage["output"] as? Int == 42 && usage["total"] as? Int == 184)
    #expect(usage["provenance"] as? String == "provider_final")
  }

  @Test func usageThatIsRepeatedWithMessageDeltasIsCumulative() {
    let repeated =
      #"{"input_tokens":500,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,"output_tokens":"#
    let tape = run(
      typedSSE([
        Made.start, Made.text("a"), Made.stop("pause_turn", usage: repeated + "3}"),
        Made.stop("end_turn", usage: repeated + "9}"), Made.end,
      ]))
    let usage = usage(tape)
    #expect(usage["input"] as? Int == 500 && usage["output"] as? Int == 9)
    #expect(usage["cached_read"] as? Int == 100 && usage["cache_write"] as? Int == 30)
    #expect(tape.last.data["finish_reason"] as? String == "end_turn")
  }

  @Test func usageWithNullsKeepsWhatWasTold() {
    let nulls =
      #"{"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"input_tokens":null,"output_tokens":42,"output_tokens_details":{"thinking_tokens":7},"server_tool_use":null}"#
    let usage = usage(
      run(typedSSE([Made.start, Made.text("a"), Made.stop("end_turn", usage: nulls), Made.end])))
    #expect(usage["input"] as? Int == 12 && usage["cached_read"] as? Int == 100)
    #expect(usage["cache_write"] as? Int == 30 && usage["output"] as? Int == 42)
    #expect(usage["reasoning"] as? Int == 7)
  }

  @Test func thePlaceholderOfMessageStartIsNoOutput() {
    let tape = run(typedSSE([Made.start, Made.text("a")]))
    let usage = usage(tape)
    #expect(usage["input"] as? Int == 12 && usage["cached_read"] as? Int == 100)
    #expect(usage["output"] == nil && usage["provenance"] as? String == "provider_partial")
    #expect(tape.last.data["reason"] as? String == "incomplete")
  }

  @Test func cacheWritesAreTheirPartsWhereTheSumIsLeftOut() {
    let start = Made.start.replacingOccurrences(of: #""cache_creation_input_tokens":30,"#, with: "")
    let usage = usage(run(typedSSE([start, Made.text("a"), Made.stop("end_turn"), Made.end])))
    #expect(usage["cache_write"] as? Int == 30 && usage["cache_write_1h"] as? Int == 20)
  }

  // MARK: Endings

  @Test func aReasonToStopIsNoEnd() {
    let tape = run(typedSSE([Made.start, Made.text("a"), Made.stop("end_turn")]))
    #expect(tape.last.type == "llm.error" && tape.last.data["reason"] as? String == "incomplete")
    #expect(usage(tape)["provenance"] as? String == "provider_partial")
  }

  @Test(arguments: [
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal",
    "model_context_window_exceeded",
  ])
  func everyReasonToStopIsAnEnd(_ reason: String) {
    let tape = run(Made.stream([Made.text("a")], reason))
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == reason)
  }

  @Test func aRefusalIsToldInItsWords() {
    let stop =
      #"{"delta":{"container":null,"stop_details":{"category":"bio","explanation":"Not that.","type":"refusal"},"stop_reason":"refusal","stop_sequence":null},"type":"message_delta","usage":{"output_tokens":2}}"#
    let tape = run(typedSSE([Made.start, stop, Made.end]))
    #expect(tape.text("refusal") == "Not that." && tape.last.data["finish_reason"] as? String == "refusal")
  }

  @Test(arguments: [
    ("invalid_request_error", 400, false), ("authentication_error", 401, false),
    ("billing_error", 402, false), ("permission_error", 403, false), ("not_found_error", 404, false),
    ("request_too_large", 413, false), ("rate_limit_error", 429, true), ("api_error", 500, true),
    ("timeout_error", 504, true), ("overloaded_error", 529, true),
  ])
  func anErrorInsideTheStreamHasTheStatusOfItsType(_ type: String, _ status: Int, _ retryable: Bool) {
    let tape = run(
      typedSSE([Made.start, #"{"type":"error","error":{"type":"\#(type)","message":"No"}}"#]))
    let error = tape.only("llm.error")?.data
    #expect(error?["code"] as? String == type && error?["status"] as? Int == status)
    #expect(error?["retryable"] as? Bool == retryable && error?["message"] as? String == "No")
  }

  @Test func anErrorOfAnUnknownTypeHasNoStatus() {
    let tape = run(typedSSE([#"{"type":"error","error":{"type":"new_error","message":"No"}}"#]))
    #expect(tape.last.data["code"] as? String == "new_error" && tape.last.data["status"] == nil)
  }

  @Test func anOverloadInsideTheStreamKeepsWhatCameBefore() {
    let tape = run(Made.overloaded)
    #expect(tape.text() == "I thi" && usage(tape)["provenance"] as? String == "provider_partial")
    #expect(tape.last.data["status"] as? Int == 529 && tape.last.data["retryable"] as? Bool == true)
  }

  @Test func aRefusalByStatusIsReadByItsError() {
    let body =
      #"{"type":"error","error":{"details":null,"type":"rate_limit_error","message":"Slow down"},"request_id":"req_1"}"#
    let error = run(body, status: 429).last.data
    #expect(error["message"] as? String == "Slow down" && error["code"] as? String == "rate_limit_error")
    #expect(error["status"] as? Int == 429 && error["retryable"] as? Bool == true)
  }

  @Test func theStatusOfTheResponseOutranksThatOfTheType() {
    let error = run(#"{"type":"error","error":{"type":"api_error","message":"x"}}"#, status: 503).last.data
    #expect(error["status"] as? Int == 503)
  }

  @Test func bareJSONInPlaceOfAStreamIsAFailure() {
    let tape = run(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
    #expect(tape.last.data["status"] as? Int == 529 && tape.last.type == "llm.error")
  }

  @Test func anErrorOfAProxyInOpenAIsFormIsAFailure() {
    let tape = run(typedSSE([Made.start]) + "data: {\"error\":{\"message\":\"no\",\"code\":502}}\n\n")
    #expect(tape.last.data["message"] as? String == "no" && tape.last.data["status"] as? Int == 502)
  }

  // MARK: What servers make of it

  @Test func pingsAreNothingAnywhere() {
    let tape = run(
      typedSSE([
        Made.ping, Made.start, Made.ping, Made.text("a"), Made.ping, Made.text("b"), Made.stop("end_turn"),
        Made.ping, Made.end,
      ]))
    #expect(tape.text() == "ab" && tape.only("llm.opaque") == nil && tape.last.type == "llm.end")
  }

  @Test func unknownEventsBlocksAndDeltasAreKept() {
    let tape = run(
      Made.stream([
        #"{"type":"message_pondered","n":1}"#, Made.block(0, #"{"type":"hologram","x":1}"#),
        Made.delta(0, #"{"type":"hologram_delta","x":2}"#), Made.text("a", 1),
      ]))
    let kept = tape.events.filter { $0.type == "llm.opaque" }
    #expect(
      kept.map { $0.data["event"] as? String } == [
        "message_pondered", "content_block_start", "content_block_delta",
      ])
    #expect(tape.text() == "a" && tape.last.type == "llm.end")
  }

  @Test func aFloodOfUnknownEventsIsCountedNotKept() {
    let unknown = Array(repeating: #"{"type":"message_pondered","n":1}"#, count: 1500)
    let tape = run(Made.stream(unknown + [Made.text("a")]))
    #expect(tape.events.filter { $0.type == "llm.opaque" }.count == 1000)
    #expect(tape.text() == "a" && tape.last.type == "llm.end")
    #expect(tape.last.data["opaque_skipped"] as? Int == 500)
  }

  @Test func eventsWithoutNamesAreKnownByTheirType() {
    let body = [Made.start, Made.text("a"), Made.stop("end_turn"), Made.end].map { "data: \($0)\n\n" }
      .joined()
    #expect(run(body).text() == "a" && run(body).last.type == "llm.end")
  }

  @Test func payloadsWithoutTypesAreKnownByTheirName() {
    let body =
      "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
      + "event: message_stop\ndata: {}\n\n"
    #expect(run(body).text() == "a" && run(body).last.type == "llm.end")
  }

  @Test func theDONEThatSomeServersAddIsNothing() {
    let tape = run(
      typedSSE([Made.start, Made.text("a"), Made.stop("end_turn")]) + "data: [DONE]\n\n"
        + typedSSE([Made.end]))
    #expect(tape.last.type == "llm.end" && tape.decoder.counts.malformed == 0)
  }

  @Test func blocksThatAlternateKeepTheirPlaces() {
    let tape = run(
      Made.stream([
        Made.block(0, #"{"type":"tool_use","id":"a","name":"f","input":{}}"#),
        Made.block(1, #"{"type":"tool_use","id":"b","name":"g","input":{}}"#), Made.arguments("1", 0),
        Made.arguments("2", 1), Made.arguments("3", 0), Made.arguments("4", 1), Made.arguments("5", 1),
      ]))
    #expect(tape.text("tool_arguments", tool: 0) == "13" && tape.text("tool_arguments", tool: 1) == "245")
  }

  @Test func fragmentsOfACallWhoseBeginningIsMissingAreACall() {
    let tape = run(Made.stream([Made.arguments("1", 3), Made.arguments("2", 3), Made.arguments("3", 5)]))
    #expect(tape.text("tool_arguments", tool: 0) == "12" && tape.text("tool_arguments", tool: 1) == "3")
  }

  @Test func textThatABlockBeginsWithCounts() {
    let tape = run(Made.stream([Made.block(0, #"{"type":"text","text":"Hel"}"#), Made.text("lo")]))
    #expect(tape.text() == "Hello")
  }

  @Test func eventsOfOneShapeAreToldLikeAnyOther() {
    let words = (0..<50).map { "w\($0) " }
    let body = Made.stream(
      [Made.block(0, Made.emptyText)] + words.map { Made.text($0) } + [Made.blockStop(0)])
    for body in [body, body.replacingOccurrences(of: "\n", with: "\r\n")] {
      let tape = run(body)
      #expect(tape.text() == words.joined() && tape.events.filter { $0.type == "llm.delta" }.count == 50)
    }
  }

  // MARK: Requests

  @Test func tellsARequest() {
    let tape = CallTape(.messages)
    tape.start(
      #"{"model":"claude-sonnet-4-5","max_tokens":9,"stream":true,"system":[{"type":"text","text":"Be brief"}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"12345"}]}]}],"tools":[{"name":"weather","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}]}"#,
      endpoint: "/v1/messages")
    let data = tape.last.data
    #expect(tape.last.object["model"] as? String == "claude-sonnet-4-5")
    #expect(data["operation"] as? String == "chat" && data["stream"] as? Bool == true)
    #expect(data["tools"] as? [String] == ["weather", "web_search"])
    #expect((data["input"] as? [[String: Any]])?.count == 1)
    #expect((data["system"] as? [[String: Any]])?.first?["text"] as? String == "Be brief")
    #expect((data["options"] as? [String: Any])?.keys.sorted() == ["max_tokens"])
    var measure = TextMeasure()
    for text in ["Be brief", "Hi", "12345"] { measure.add(text) }
    #expect(tape.decoder.request.text.hundredths == measure.hundredths)
  }
}

import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct ConverseTests {
  private typealias Made = ConverseFixtures

  private func run(_ body: [UInt8], status: Int = 200) -> CallTape {
    CallTape.run([body], .converse, status: status)
  }

  private func usage(_ tape: CallTape) -> [String: Any] { tape.only("llm.usage")?.data ?? [:] }

  @Test(arguments: ConverseFixtures.all) func splitAtEveryByteItIsTheSame(_ body: [UInt8]) {
    #expect(CallTape.everySplit(body, .converse).events.count > 2)
  }

  @Test func tellsAStream() {
    let tape = run(Made.plainText)
    #expect(tape.text() == "Grüße 😀\nwieder")
    #expect(
      tape.events.map(\.type) == ["llm.start"] + Array(repeating: "llm.delta", count: 3) + [
        "llm.usage", "llm.end",
      ])
    #expect(tape.last.data["finish_reason"] as? String == "end_turn")
    #expect(tape.last.data["service_tier"] as? String == "default")
  }

  @Test func usageExcludesTheCacheFromTheInput() {
    let usage = usage(run(Made.plainText))
    #expect(usage["input"] as? Int == 12 && usage["cached_read"] as? Int == 100)
    #expect(usage["cache_write"] as? Int == 30 && usage["cache_write_1h"] as? Int == 20)
    #expect(usage["output"] as? Int == 42 && usage["total"] as? Int == 184)
    #expect(usage["provenance"] as? String == "provider_final")
    #expect((usage["raw"] as? [String: Any])?["totalTokens"] as? Int == 184)
  }

  @Test func reasoningAndToolsAreToldApart() {
    let tape = run(Made.tools)
    #expect(tape.text("reasoning") == "Hm." && tape.text() == "Let me look.")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    let tools = tape.events.compactMap { $0.data["tool"] as? [String: Any] }
    #expect(tools.compactMap { $0["name"] as? String } == ["weather", "search"])
    #expect(tools.compactMap { $0["id"] as? String } == ["tooluse_1", "tooluse_2"])
    #expect(tape.last.data["finish_reason"] as? String == "tool_use")
  }

  @Test func resultsOfItsToolsAreOpaqueAndSourcesAreAnnotations() {
    let tape = run(Made.tools)
    #expect(tape.only("llm.opaque")?.data["event"] as? String == "contentBlockStart")
    #expect((tape.only("llm.annotation")?.data["annotation"] as? [String: Any])?["title"] as? String == "A")
  }

  @Test func signaturesAreKeptForTheNextRequestAndNotTold() {
    let kept = pieces(of: Made.tools, .converse)
    let signed = kept.filter { $0.channel == .signature }
    #expect(signed.map(\.text) == ["Sig", #"{"redactedContent":"EmwK"}"#])
    #expect(signed.map(\.isValue) == [false, true])
    let calls = kept.filter { $0.channel == .toolArguments }
    #expect(calls.filter(\.runsAtProvider).map(\.tool) == [1, 1])
  }

  @Test func aWholeReplyIsTold() {
    let tape = run(Made.whole)
    #expect(tape.text() == "Hi there" && tape.text("reasoning") == "Hm.")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.only("llm.annotation") != nil)
    #expect((tape.only("llm.opaque")?.data["payload"] as? [String: Any])?["image"] != nil)
    #expect(usage(tape)["output"] as? Int == 42 && tape.last.type == "llm.end")
    #expect(tape.last.data["finish_reason"] as? String == "tool_use")
    #expect(pieces(of: Made.whole, .converse).filter { $0.channel == .signature }.count == 2)
  }

  // MARK: Endings

  @Test func usageComesBehindTheReasonToStop() {
    let tape = run(Made.start + Made.text("a") + Made.stop("end_turn"))
    #expect(tape.last.type == "llm.end")
    #expect(usage(tape)["provenance"] as? String == "estimated")
  }

  @Test func aCutStreamIsIncomplete() {
    #expect(run(Made.start + Made.text("a")).last.data["reason"] as? String == "incomplete")
    let cut = run(Made.start + Made.text("a") + Made.text("b").dropLast(9))
    #expect(cut.text() == "a" && cut.last.data["reason"] as? String == "incomplete")
  }

  @Test(arguments: [
    "end_turn", "tool_use", "max_tokens", "stop_sequence", "guardrail_intervened", "content_filtered",
    "malformed_model_output", "malformed_tool_use", "model_context_window_exceeded",
  ])
  func everyReasonToStopIsAnEnd(_ reason: String) {
    let tape = run(Made.stream([Made.text("a")], reason))
    #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == reason)
  }

  @Test(arguments: [
    ("throttlingException", 429, true), ("internalServerException", 500, true),
    ("serviceUnavailableException", 503, true), ("validationException", 400, false),
    ("modelStreamErrorException", 424, true), ("modelTimeoutException", 408, true),
  ])
  func exceptionsHaveTheStatusOfTheirName(_ name: String, _ status: Int, _ retryable: Bool) {
    let tape = run(Made.start + Made.text("a") + Made.exception(name))
    let error = tape.only("llm.error")?.data
    #expect(error?["code"] as? String == name && error?["status"] as? Int == status)
    #expect(error?["retryable"] as? Bool == retryable && error?["message"] as? String == "No")
    #expect(tape.text() == "a" && tape.only("llm.end") == nil)
  }

  @Test func anErrorOfTheModelBehindItHasTheOriginalStatus() {
    let payload = #"{"message":"No","originalMessage":"x","originalStatusCode":503}"#
    let error = run(Made.start + Made.exception("modelStreamErrorException", payload)).last.data
    #expect(error["status"] as? Int == 503 && error["retryable"] as? Bool == true)
  }

  @Test func exceptionsOfUnknownNamesAndEmptyPayloadsAreFailures() {
    let unknown = run(Made.start + Made.exception("noveltyException")).last
    #expect(unknown.type == "llm.error" && unknown.data["code"] as? String == "noveltyException")
    #expect(unknown.data["status"] == nil)
    let empty = run(Made.start + Made.exception("throttlingException", "")).last
    #expect(empty.data["status"] as? Int == 429)
    #expect(empty.data["message"] as? String == "The provider reported an error")
  }

  @Test func aNameThatWouldBreakJSONIsNoCode() {
    let event = run(Made.start + Made.exception(#"a","x":"Exception"#)).last
    #expect(event.type == "llm.error" && event.data["code"] == nil && event.data["x"] == nil)
  }

  @Test func anErrorInHeadersAloneIsAFailure() {
    let frame = Made.frame(
      [
        (":message-type", "error"), (":error-code", "Internal\"Failure"), (":error-message", "It\nbroke"),
      ], "")
    let error = CallTape.everySplit(Made.start + frame, .converse).last
    #expect(error.type == "llm.error" && error.data["message"] as? String == "It\nbroke")
    #expect(error.data["code"] as? String == "Internal\"Failure")
  }

  @Test func aRefusalByStatusIsReadByItsMessage() {
    let body = Array(#"{"message":"The model is not here"}"#.utf8)
    let error = run(body, status: 404).last.data
    #expect(error["message"] as? String == "The model is not here" && error["status"] as? Int == 404)
    let typed = Array(#"{"__type":"com.amazon.coral.service#ThrottlingException","Message":"Slow"}"#.utf8)
    let throttled = run(typed, status: 429).last.data
    #expect(
      throttled["code"] as? String == "ThrottlingException" && throttled["message"] as? String == "Slow")
  }

  // MARK: Frames

  @Test func aFrameThatIsBrokenIsSaid() {
    var body = Made.start + Made.text("a") + Made.text("b") + Made.stop("end_turn")
    body[Made.start.count + Made.text("a").count + 120] ^= 1
    let tape = run(body)
    #expect(tape.text() == "a" && tape.decoder.counts.unreadable == 1)
    #expect(tape.last.data["unread"] as? String == "the reply's encoding is broken")
  }

  @Test func aPayloadOverTheLimitIsSaid() {
    var limits = ReplyDecoder.Limits()
    limits.event = 300
    let body = Made.start + Made.text(String(repeating: "x", count: 400))
    let tape = CallTape.run([body], .converse, limits: limits)
    #expect(tape.last.data["unread"] as? String == "the reply or a part of it is too large")
    #expect(tape.decoder.counts.tooLarge == 1)
  }

  @Test func unknownEventsAreKept() {
    let tape = run(Made.stream([Made.event("novelty", #"{"n":1}"#), Made.text("a")]))
    #expect(tape.only("llm.opaque")?.data["event"] as? String == "novelty" && tape.last.type == "llm.end")
  }

  @Test func paddingMayDiffer() {
    let words = (0..<40).map { "w\($0) " }
    let events = words.enumerated().map {
      Made.text($1, padding: String(repeating: "p", count: $0 % 11))
    }
    let tape = run(Made.stream(events))
    #expect(tape.text() == words.joined() && tape.events.filter { $0.type == "llm.delta" }.count == 40)
  }

  // MARK: Requests

  private func start(_ endpoint: String) -> TapedEvent {
    let tape = CallTape(.converse)
    tape.start(
      #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Be brief"}],"inferenceConfig":{"maxTokens":9},"toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":{}}}},{"cachePoint":{"type":"default"}}]}}"#,
      endpoint: endpoint)
    #expect(tape.decoder.request.text.hundredths > 0)
    return tape.last
  }

  @Test func tellsARequest() {
    let event = start("/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream")
    #expect(event.object["model"] as? String == "anthropic.claude-sonnet-4-5-20250929-v1:0")
    #expect(event.data["stream"] as? Bool == true && event.data["tools"] as? [String] == ["weather"])
    #expect((event.data["system"] as? [[String: Any]])?.count == 1)
    #expect((event.data["options"] as? [String: Any])?.keys.sorted() == ["inferenceConfig"])
  }

  @Test func theModelStandsInThePath() {
    let whole = start("/model/amazon.nova-lite-v1:0/converse")
    #expect(whole.object["model"] as? String == "amazon.nova-lite-v1:0")
    #expect(whole.data["stream"] as? Bool == false)
    let profile = start(
      "/bedrock/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0/converse"
    )
    #expect(
      profile.object["model"] as? String
        == "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.amazon.nova-pro-v1:0")
    #expect(start("/model//converse").object["model"] == nil)
    #expect(start("/converse").object["model"] == nil)
    #expect(start("/model/a%22b/converse").object["model"] as? String == "a\"b")
  }
}

import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct OllamaReaderTests {
  private func lines(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  @Test func tellsAChatHoweverItIsSplit() {
    let tape = CallTape.everySplit(lines(OllamaFixtures.chat), .ollama)
    #expect(tape.text() == "Grüße 😀\n" && tape.text("reasoning") == "First think")
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    let tools = tape.events.compactMap { $0.data["tool"] as? [String: Any] }
    #expect(tools.map { $0["name"] as? String } == ["weather", "clock"])
    #expect(tools.map { $0["id"] as? String } == [nil, "call_2"])
    let usage = tape.only("llm.usage")!.data
    #expect(usage["input"] as? Int == 26 && usage["output"] as? Int == 282)
    #expect(usage["provenance"] as? String == "provider_final")
    let raw = usage["raw"] as? [String: Int]
    #expect(raw?["eval_duration"] == 4_535_599_000 && raw?.count == 6)
    #expect(tape.last.data["finish_reason"] as? String == "stop")
    #expect(tape.last.data["model"] as? String == "qwen3:0.6b")
  }

  @Test func tellsGeneratedTextHoweverItIsSplit() {
    let tape = CallTape.everySplit(lines(OllamaFixtures.generate), .ollama)
    #expect(tape.text() == "Hello" && tape.last.data["finish_reason"] as? String == "length")
    #expect(!tape.summary.joined().contains("context"))
  }

  @Test func aPlainReplyIsOneLine() {
    let whole =
      #"{"model":"m","message":{"role":"assistant","content":"Hi","thinking":"hm"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":1}"#
    for end in ["", "\n"] {
      let tape = CallTape.everySplit(whole + end, .ollama)
      #expect(tape.text() == "Hi" && tape.text("reasoning") == "hm" && tape.last.type == "llm.end")
    }
  }

  @Test func countsThatAreZeroAreAbsent() {
    let cached = CallTape.run(#"{"response":"a","done":true,"eval_count":2}"#, .ollama)
    let usage = cached.only("llm.usage")?.data
    #expect(usage?["output"] as? Int == 2 && usage?["input"] == nil)
    let none = CallTape.run(#"{"response":"a","done":true}"#, .ollama)
    #expect(none.only("llm.usage")?.data["provenance"] as? String == "estimated")
  }

  @Test func aLoadedModelIsAnEnd() {
    let tape = CallTape.run(#"{"model":"m","response":"","done":true,"done_reason":"load"}"#, .ollama)
    #expect(tape.events.map(\.type) == ["llm.start", "llm.end"])
    #expect(tape.last.data["finish_reason"] as? String == "load")
  }

  @Test func anErrorLineUnder200IsAFailure() {
    let tape = CallTape.everySplit(
      OllamaFixtures.chat[1] + "\n" + #"{"error":"an error was encountered while running the model"}"# + "\n",
      .ollama)
    #expect(tape.last.type == "llm.error")
    #expect(tape.last.data["message"] as? String == "an error was encountered while running the model")
  }

  @Test func anErrorByStatusKeepsItsWords() {
    let tape = CallTape.run(#"{"error":"model 'x' not found"}"#, .ollama, status: 404)
    #expect(tape.last.data["message"] as? String == "model 'x' not found")
  }

  @Test func withoutDoneAStreamIsIncomplete() {
    let tape = CallTape.run(lines(OllamaFixtures.chat.dropLast()), .ollama)
    #expect(tape.last.data["reason"] as? String == "incomplete")
    #expect(CallTape.run("", .ollama).last.data["reason"] as? String == "incomplete")
  }

  @Test func whatIsNoJSONIsCountedAndWhatIsUnknownKept() {
    let tape = CallTape.run(lines(["{oops", #"{"status":"pulling"}"#] + OllamaFixtures.generate), .ollama)
    #expect(tape.decoder.counts.malformed == 1 && tape.only("llm.opaque") != nil && tape.text() == "Hello")
  }

  @Test func aLineOverTheLimitIsSaid() {
    var limits = ReplyDecoder.Limits()
    limits.event = 100
    limits.reply = 100
    let long = #"{"response":"\#(String(repeating: "x", count: 200))","done":false}"#
    let tape = CallTape.run([Array(lines([long]).utf8)], .ollama, limits: limits)
    #expect(tape.last.data["unread"] as? String == "the reply or a part of it is too large")
  }
}

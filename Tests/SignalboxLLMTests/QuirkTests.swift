import Foundation
import Testing

@testable import SignalboxLLM

/// What compatible servers make of the format; each was seen in the wild.
@Suite struct QuirkTests {
  private func calls(_ fragments: [String]) -> CallTape {
    CallTape.run(
      sse(fragments.map { chunk(#"{"tool_calls":[\#($0)]}"#) } + [chunk("{}", finish: "tool_calls")]))
  }

  @Test func toolCallsWithIndex() {
    let tape = CallTape.run(Fixtures.tools)
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"Wien"}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
    let tool = tape.events[1].data["tool"] as? [String: Any]
    #expect(tool?["id"] as? String == "call_a" && tool?["name"] as? String == "weather")
  }

  @Test func toolCallsWithoutIndex() {
    let tape = calls([
      #"{"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#, #"{"function":{"arguments":":1}"}}"#,
      #"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    ])
    #expect(tape.text("tool_arguments", tool: 0) == #"{"x":1}"#)
    #expect(tape.text("tool_arguments", tool: 1) == "{}")
  }

  @Test func toolCallsWhoseIndexIsAlwaysZero() {
    let tape = calls([
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}"#,
      #"{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}"#,
      #"{"index":0,"function":{"arguments":"3"}}"#,
    ])
    #expect(tape.text("tool_arguments", tool: 0) == "1")
    #expect(tape.text("tool_arguments", tool: 1) == "23")
  }

  @Test func toolCallsThatRepeatTheirID() {
    let tape = calls([
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}"#,
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"2"}}"#,
      #"{"index":0,"id":"","function":{"arguments":"3"}}"#,
    ])
    #expect(tape.text("tool_arguments", tool: 0) == "123")
  }

  @Test func argumentsSentAsAnObject() {
    let tape = calls([#"{"index":0,"id":"a","function":{"name":"f","arguments":{"city": "W\"n"}}}"#])
    #expect(tape.text("tool_arguments", tool: 0) == #"{"city":"W\"n"}"#)
  }

  @Test func theOldFunctionCall() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"function_call":{"name":"f","arguments":"{"}}"#),
        chunk(#"{"function_call":{"arguments":"}"}}"#),
        chunk("{}", finish: "function_call"),
      ]))
    #expect(tape.text("tool_arguments", tool: 0) == "{}")
  }

  @Test func usageOnEveryChunkTakesTheLast() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"content":"a"}"#, extra: #","usage":{"prompt_tokens":2,"completion_tokens":1}"#),
        chunk(
          #"{"content":"b"}"#, finish: "stop", extra: #","usage":{"prompt_tokens":2,"completion_tokens":2}"#),
      ]))
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 2)
  }

  @Test func usageOnEveryChunkOfACutStreamIsPartial() {
    let tape = CallTape.run(
      sse(
        [chunk(#"{"content":"a"}"#, extra: #","usage":{"prompt_tokens":2,"completion_tokens":1}"#)],
        done: false))
    #expect(tape.only("llm.usage")?.data["provenance"] as? String == "provider_partial")
  }

  @Test func usageChunkWithoutChoices() {
    let tape = CallTape.run(
      sse([
        chunk(#"{"content":"a"}"#, finish: "stop"),
        #"{"id":"c1","object":"chat.completion.chunk","usage":{"prompt_tokens":2,"completion_tokens":7}}"#,
      ]))
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 7 && tape.only("llm.opaque") == nil)
  }

  @Test func usageInsideAChoice() {
    let tape = CallTape.run(
      sse([
        #"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","usage":{"completion_tokens":4}}]}"#
      ]))
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 4)
  }

  @Test func azureBeginsWithFilterResultsAndLeavesOutDeltas() {
    let tape = CallTape.run(Fixtures.azure)
    #expect(tape.text() == "Hello" && tape.last.type == "llm.end" && tape.only("llm.opaque") == nil)
    #expect(tape.last.data["response"] as? String == "c1")
  }

  @Test func reasoningByEitherName() {
    let body = sse([
      chunk(#"{"content":null,"reasoning_content":"a"}"#), chunk(#"{"reasoning":"b","content":""}"#),
      chunk(#"{"reasoning":"c","reasoning_content":"c"}"#), chunk(#"{"content":"d"}"#, finish: "stop"),
    ])
    #expect(CallTape.run(body).text("reasoning") == "abc")
  }

  @Test func refusals() {
    let tape = CallTape.run(sse([chunk(#"{"refusal":"No."}"#), chunk("{}", finish: "stop")]))
    #expect(tape.text("refusal") == "No.")
  }

  @Test func contentInParts() {
    let body = sse([
      chunk(
        #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]}"#
      ),
      chunk("{}", finish: "stop"),
    ])
    #expect(CallTape.run(body).text("reasoning") == "hm" && CallTape.run(body).text() == "a")
  }

  @Test func obfuscationAndUnknownMembersAreIgnored() {
    let body = sse([
      chunk(#"{"content":"a","future":[1]}"#, finish: "stop", extra: #","obfuscation":"xyz","new":{}"#)
    ])
    let tape = CallTape.run(body)
    #expect(
      tape.text() == "a" && tape.events.map(\.type) == ["llm.start", "llm.delta", "llm.usage", "llm.end"])
  }

  @Test func errorsAsObjects() {
    let tape = CallTape.run(
      #"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#, status: 400)
    #expect(
      tape.last.data["message"] as? String == "too long"
        && tape.last.data["code"] as? String == "BadRequestError")
    let google = CallTape.run(
      #"[{"error":{"code":404,"message":"no model","status":"NOT_FOUND"}}]"#, status: 404)
    #expect(
      google.last.data["message"] as? String == "no model" && google.last.data["retryable"] as? Bool == false)
  }

  @Test func contentFilterAndLengthAreEnds() {
    for reason in ["length", "content_filter"] {
      let tape = CallTape.run(sse([chunk(#"{"content":"a"}"#, finish: reason)]))
      #expect(tape.last.type == "llm.end" && tape.last.data["finish_reason"] as? String == reason)
    }
  }
}

import Foundation
import Testing

@testable import SignalboxLLM

@Suite struct CompletionsTests {
  private func chunk(_ text: String, choice: Int = 0, finish: String = "null") -> String {
    #"{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"\#(text)","index":\#(choice),"logprobs":null,"finish_reason":\#(finish)}]}"#
  }

  @Test func tellsAStreamHoweverItIsSplit() {
    let body = sse([
      chunk("Gr"), chunk("üße\\n"), chunk("B", choice: 1), chunk("", finish: "\"stop\""),
      chunk("", choice: 1, finish: "\"length\""),
      #"{"id":"cmpl-1","object":"text_completion","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#,
    ])
    let tape = CallTape.everySplit(body, .completions)
    #expect(tape.text() == "Grüße\n" && tape.text(choice: 1) == "B")
    #expect(tape.last.data["finish_reasons"] as? [String] == ["stop", "length"])
    #expect(tape.only("llm.usage")?.data["output"] as? Int == 7)
    #expect(tape.last.data["model"] as? String == "gpt-3.5-turbo-instruct")
    #expect(tape.events[0].data["operation"] as? String == "completion")
  }

  @Test func tellsAPlainReply() {
    let tape = CallTape.everySplit(chunk("Hi", finish: "\"stop\""), .completions)
    #expect(tape.text() == "Hi" && tape.last.data["finish_reason"] as? String == "stop")
  }

  @Test func aServerThatAnswersWithMessagesIsRead() {
    let body = sse([#"{"choices":[{"index":0,"delta":{"content":"code"},"finish_reason":"stop"}]}"#])
    #expect(CallTape.run(body, .completions).text() == "code")
  }

  @Test func aCutStreamIsIncomplete() {
    let tape = CallTape.run(sse([chunk("a")], done: false), .completions)
    #expect(tape.last.data["reason"] as? String == "incomplete")
  }
}

@Suite struct EmbeddingsReaderTests {
  @Test func tellsUsageAndNothingElse() {
    let tape = CallTape.everySplit(
      #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
      .embeddings)
    #expect(tape.events.map(\.type) == ["llm.start", "llm.usage", "llm.end"])
    let usage = tape.only("llm.usage")!.data
    #expect(usage["input"] as? Int == 8 && usage["output"] == nil && usage["total"] as? Int == 8)
    #expect(usage["provenance"] as? String == "provider_final")
    #expect(tape.last.data["model"] as? String == "text-embedding-3-small")
    #expect(tape.events[0].data["operation"] as? String == "embedding")
  }

  @Test func tellsThoseOfOllama() {
    let tape = CallTape.run(
      #"{"model":"all-minilm","embeddings":[[0.1]],"total_duration":14,"prompt_eval_count":6}"#, .embeddings)
    #expect(tape.only("llm.usage")?.data["input"] as? Int == 6 && tape.last.type == "llm.end")
    #expect(CallTape.run(#"{"embedding":[0.1]}"#, .embeddings).last.type == "llm.end")
  }

  @Test func anErrorAndAnythingElseAreNoSuccess() {
    let tape = CallTape.run(#"{"error":{"message":"no","code":"x"}}"#, .embeddings)
    #expect(tape.last.type == "llm.error" && tape.last.data["message"] as? String == "no")
    #expect(CallTape.run("{}", .embeddings).last.data["code"] as? String == "bad_reply")
    #expect(CallTape.run("", .embeddings).last.data["reason"] as? String == "incomplete")
    #expect(
      CallTape.run(#"{"error":{"message":"no"}}"#, .embeddings, status: 400).last.data["status"] as? Int
        == 400)
  }
}

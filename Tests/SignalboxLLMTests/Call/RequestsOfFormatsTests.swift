import Foundation
import Testing

@testable import SignalboxLLM

/// What `llm.start` tells of a request, format by format.
@Suite struct RequestsOfFormatsTests {
  private func start(_ format: ReplyFormat, _ endpoint: String, _ request: String) -> TapedEvent {
    let tape = CallTape(format)
    tape.start(request, endpoint: endpoint)
    return tape.last
  }

  @Test func responses() {
    let text = start(
      .responses, "/v1/responses",
      #"{"model":"gpt-5","input":"Hi","instructions":"Be brief","stream":true,"tools":[{"type":"function","name":"f"},{"type":"web_search"}],"store":false}"#
    )
    #expect(text.object["model"] as? String == "gpt-5" && text.data["operation"] as? String == "response")
    #expect(text.data["input"] as? String == "Hi" && text.data["system"] as? String == "Be brief")
    #expect(text.data["stream"] as? Bool == true && text.data["tools"] as? [String] == ["f"])
    #expect(text.data["options"] as? [String: Bool] == ["store": false])
    let items = start(
      .responses, "/v1/responses",
      #"{"model":"gpt-5","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]}]}"#)
    #expect((items.data["input"] as? [Any])?.count == 1 && items.data["stream"] as? Bool == false)
  }

  @Test func completionsAndEmbeddings() {
    let completion = start(
      .completions, "/v1/completions", #"{"model":"m","prompt":["a","b"],"max_tokens":5}"#)
    #expect(completion.data["input"] as? [String] == ["a", "b"])
    #expect(completion.data["options"] as? [String: Int] == ["max_tokens": 5])
    let embedding = start(.embeddings, "/v1/embeddings", #"{"model":"m","input":"text"}"#)
    #expect(embedding.data["input"] as? String == "text" && embedding.data["options"] == nil)
  }

  @Test func geminiNamesItsModelAndItsStreamInThePath() {
    let body =
      #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Be brief"}]},"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}],"generationConfig":{"temperature":0}}"#
    let stream = start(.gemini, "/v1beta/models/gemini-2.5-flash:streamGenerateContent", body)
    #expect(stream.object["model"] as? String == "gemini-2.5-flash" && stream.data["stream"] as? Bool == true)
    #expect((stream.data["input"] as? [Any])?.count == 1 && stream.data["system"] != nil)
    #expect(stream.data["tools"] as? [String] == ["f", "g"])
    #expect((stream.data["options"] as? [String: Any])?.keys.sorted() == ["generationConfig"])
    let whole = start(
      .gemini, "/v1/projects/p/locations/l/publishers/google/models/g%2D1:generateContent", "{}")
    #expect(whole.object["model"] as? String == "g-1" && whole.data["stream"] as? Bool == false)
    let snake = start(
      .gemini, "/v1beta/models/g:generateContent",
      #"{"system_instruction":{},"tools":[{"function_declarations":[{"name":"f"}]}]}"#)
    #expect(snake.data["system"] != nil && snake.data["tools"] as? [String] == ["f"])
  }

  @Test func ollamaStreamsUnlessItIsToldNotTo() {
    let chat = start(
      .ollama, "/api/chat",
      #"{"model":"qwen3","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#
    )
    #expect(chat.object["model"] as? String == "qwen3" && chat.data["stream"] as? Bool == true)
    #expect((chat.data["input"] as? [Any])?.count == 1 && chat.data["tools"] as? [String] == ["f"])
    let generate = start(
      .ollama, "/api/generate", #"{"model":"qwen3","prompt":"Hi","system":"Be brief","stream":false}"#)
    #expect(generate.data["input"] as? String == "Hi" && generate.data["system"] as? String == "Be brief")
    #expect(generate.data["stream"] as? Bool == false)
  }

  @Test func azureNamesItsDeploymentInThePath() {
    let path = "/openai/deployments/my-gpt%204/chat/completions"
    #expect(start(.chat, path, #"{"messages":[]}"#).object["model"] as? String == "my-gpt 4")
    #expect(start(.chat, path, #"{"model":"m","messages":[]}"#).object["model"] as? String == "m")
    #expect(start(.chat, "/v1/chat/completions", #"{"messages":[]}"#).object["model"] == nil)
  }
}

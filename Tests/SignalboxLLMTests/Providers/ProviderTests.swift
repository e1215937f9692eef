import Signalbox
import Testing

@testable import SignalboxLLM

/// Addresses, headers and keys.
struct ProviderTests {
  private func url(
    _ provider: Provider, _ model: String = "m", stream: Bool = true, _ environment: [String: String] = [:]
  ) throws -> String {
    try Bodies.prepare(provider, LLMRequest(model: model, "Hi"), stream: stream, environment: environment).url
  }

  private func headers(_ provider: Provider, _ environment: [String: String] = [:]) throws -> [String: String]
  {
    let prepared = try Bodies.prepare(provider, LLMRequest(model: "m", "Hi"), environment: environment)
    return Dictionary(prepared.headers.map { ($0.name, $0.value) }) { first, _ in first }
  }

  @Test func addresses() throws {
    #expect(try url(.openAI(key: "k")) == "https://api.openai.com/v1/chat/completions")
    #expect(try url(.openAIResponses(key: "k")) == "https://api.openai.com/v1/responses")
    #expect(try url(.anthropic(key: "k")) == "https://api.anthropic.com/v1/messages")
    #expect(try url(.xAI(key: "k")) == "https://api.x.ai/v1/chat/completions")
    #expect(try url(.openRouter(key: "k")) == "https://openrouter.ai/api/v1/chat/completions")
    #expect(try url(.ollama()) == "http://127.0.0.1:11434/api/chat")
    #expect(
      try url(.gemini(key: "k"), "gemini-2.5-pro")
        == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
    )
    #expect(
      try url(.gemini(key: "k"), "models/gemini-2.5-pro", stream: false)
        == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent")
    #expect(
      try url(.bedrock(region: "eu-west-1", key: "k"), "us.amazon.nova-pro-v1:0")
        == "https://bedrock-runtime.eu-west-1.amazonaws.com/model/us.amazon.nova-pro-v1%3A0/converse-stream")
    #expect(
      try url(.azure(endpoint: "https://a.openai.azure.com/", key: "k"))
        == "https://a.openai.azure.com/openai/v1/chat/completions")
    #expect(
      try url(
        .azure(endpoint: "https://a.openai.azure.com", deployment: "d 1", apiVersion: "2024-10-21", key: "k"))
        == "https://a.openai.azure.com/openai/deployments/d%201/chat/completions?api-version=2024-10-21")
  }

  @Test func addressesFromTheEnvironment() throws {
    #expect(
      try url(.openAI(key: "k"), "m", ["OPENAI_BASE_URL": " http://127.0.0.1:7446/openai/v1/\n"])
        == "http://127.0.0.1:7446/openai/v1/chat/completions")
    #expect(
      try url(.openAI(key: "k", url: "http://b/v1"), "m", ["OPENAI_BASE_URL": "http://a/v1"])
        == "http://b/v1/chat/completions")
    #expect(
      try url(.anthropic(key: "k"), "m", ["ANTHROPIC_BASE_URL": "http://a/v1"]) == "http://a/v1/messages")
    #expect(try url(.ollama(), "m", ["OLLAMA_HOST": "0.0.0.0"]) == "http://127.0.0.1:11434/api/chat")
    #expect(try url(.ollama(), "m", ["OLLAMA_HOST": "host:80"]) == "http://host:80/api/chat")
    #expect(
      try url(.bedrock(key: "k"), "m", ["AWS_REGION": "eu-north-1"])
        == "https://bedrock-runtime.eu-north-1.amazonaws.com/model/m/converse-stream")
  }

  @Test func keys() throws {
    #expect(try headers(.openAI(), ["OPENAI_API_KEY": " sk-1\n"])["Authorization"] == "Bearer sk-1")
    #expect(try headers(.anthropic(), ["ANTHROPIC_API_KEY": "a"])["x-api-key"] == "a")
    #expect(try headers(.anthropic(key: "b"), ["ANTHROPIC_API_KEY": "a"])["x-api-key"] == "b")
    #expect(try headers(.gemini(), ["GOOGLE_API_KEY": "g"])["x-goog-api-key"] == "g")
    #expect(try headers(.azure(endpoint: "https://a"), ["AZURE_OPENAI_API_KEY": "z"])["api-key"] == "z")
    #expect(try headers(.bedrock(), ["AWS_BEARER_TOKEN_BEDROCK": "w"])["Authorization"] == "Bearer w")
    #expect(try headers(.ollama())["Authorization"] == nil)
    #expect(try headers(.compatible(name: "x", url: "http://h"))["Authorization"] == nil)
  }

  @Test(arguments: [
    (Provider.openAI(), "OPENAI_API_KEY"), (.anthropic(), "ANTHROPIC_API_KEY"),
    (.gemini(), "GEMINI_API_KEY or GOOGLE_API_KEY"), (.xAI(), "XAI_API_KEY"),
    (.openRouter(), "OPENROUTER_API_KEY"),
    (.azure(endpoint: "https://a"), "AZURE_OPENAI_API_KEY"), (.bedrock(), "AWS_BEARER_TOKEN_BEDROCK"),
  ])
  func aMissingKeyNamesItsVariable(provider: Provider, variable: String) {
    let error = #expect(throws: LLMError.self) { try Bodies.body(provider, "m") }
    #expect(error?.code == .unauthorized)
    #expect(error?.message.contains("set \(variable),") == true)
  }

  @Test func whatCannotBeSentSaysWhy() {
    func message(_ provider: Provider, _ model: String = "m", _ messages: [Message] = ["Hi"]) -> String? {
      #expect(throws: LLMError.self) { try Bodies.body(provider, model, messages) }?.message
    }
    #expect(message(.openAI(key: " "))?.contains("empty") == true)
    #expect(message(.azure(key: "k"))?.contains("AZURE_OPENAI_ENDPOINT") == true)
    #expect(message(.openAI(key: "k", url: "ftp://h"))?.contains("http://") == true)
    #expect(message(.openAI(key: "k"), "")?.contains("model") == true)
    #expect(message(.openAI(key: "k"), "m", [])?.contains("no message") == true)
    #expect(message(.ollama(), "m", [.user([.image(url: "http://i")])])?.contains("by URL") == true)
  }

  @Test func headersOfTheCallerGoFirst() throws {
    let provider = Provider.anthropic(key: "k", headers: ["Anthropic-Version": "2024-01-01"])
      .header("anthropic-beta", "x")
    let prepared = try Bodies.prepare(provider, LLMRequest(model: "m", "Hi"))
    #expect(
      prepared.headers.filter { $0.name.lowercased() == "anthropic-version" }.map(\.value) == ["2024-01-01"])
    #expect(prepared.headers.contains { $0.name == "anthropic-beta" && $0.value == "x" })
  }

  @Test func nothingShowsAKey() {
    let provider = Provider.openAI(key: "sk-secret-1", headers: ["x-token": "secret-2"])
    var dumped = ""
    dump(provider, to: &dumped)
    for text in ["\(provider)", String(reflecting: provider), dumped] {
      #expect(!text.contains("secret"))
    }
  }

  @Test func whatAProviderDoesNotTakeIsDropped() throws {
    let options = GenerationOptions(
      topP: 0.5, stop: ["X"], seed: 1, choices: 2, user: "u", metadata: ["a": "b"])
    #expect(
      try Bodies.dropped(.anthropic(key: "k"), "claude-opus-4-5", options) == ["seed", "choices", "metadata"])
    #expect(try Bodies.dropped(.openAIResponses(key: "k"), "gpt-4o", options) == ["stop", "seed", "choices"])
    #expect(try Bodies.dropped(.gemini(key: "k"), "gemini-2.5-pro", options) == ["user", "metadata"])
    var stored = options
    stored.extra = ["store": true]
    #expect(try Bodies.dropped(.openAI(key: "k"), "gpt-4o", stored) == [])
  }

  @Test func base64() throws {
    func image(_ bytes: [UInt8]) throws -> String {
      let body = try Bodies.body(.ollama(), "m", [.user([.image(bytes, mediaType: "image/png")])])
      return String(body.split(separator: "\"images\":[\"")[1].prefix { $0 != "\"" })
    }
    #expect(try image(Array("f".utf8)) == "Zg==")
    #expect(try image(Array("fo".utf8)) == "Zm8=")
    #expect(try image(Array("foo".utf8)) == "Zm9v")
    #expect(try image([0xFB, 0xFF, 0xFE, 0x00]) == "+//+AA==")
  }
}

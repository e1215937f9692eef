import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// The same call in every provider's format, streamed and plain.
@Suite(.timeLimit(.minutes(2)))
struct ProviderFormatsTests {
  static let formats: [(Provider.API, String)] = [
    (.chat, "gpt-4o"), (.responses, "gpt-5.2"), (.messages, "claude-sonnet-4-5"), (.gemini, "gemini-2.5-pro"),
    (.ollama, "qwen3"), (.converse, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
  ]

  private func provider(_ api: Provider.API, _ url: String) -> Provider {
    switch api {
    case .chat: .openAI(key: "k", url: url + "/v1")
    case .responses: .openAIResponses(key: "k", url: url + "/v1")
    case .messages: .anthropic(key: "k", url: url)
    case .gemini: .gemini(key: "k", url: url)
    case .ollama: .ollama(url: url)
    case .converse: .bedrock(key: "k", url: url)
    }
  }

  @Test(arguments: formats, [true, false])
  func textReasoningAndUsage(format: (Provider.API, String), streaming: Bool) async throws {
    let server = try ScriptedProvider(
      .script(ReplyScript("Grüß \"dich\"\n😀", reasoning: "Let me see", chunks: 3)))
    defer { server.stop() }
    let client = LLMClient(provider(format.0, server.url), environment: ProcessEnvironment([:]))
    var text = ""
    let reply = try await client.generate(
      "Hi", model: format.1, streaming: streaming,
      on: StreamHandlers(delta: { if $0.channel == .text { text += $0.text } }))
    #expect(reply.text == "Grüß \"dich\"\n😀")
    #expect(text == reply.text)
    #expect(reply.reasoning.map(\.text).joined() == "Let me see")
    #expect(reply.usage?.input == 9)
    #expect(reply.usage?.output == 5)
    #expect(reply.usage?.provenance == .providerFinal)
    #expect(reply.finishReason != nil)
    #expect(server.requests.count == 1)
  }

  @Test(arguments: formats, [true, false])
  func toolCalls(format: (Provider.API, String), streaming: Bool) async throws {
    let server = try ScriptedProvider(.toolCall("weather", arguments: #"{"city":"Wien"}"#), .text("21 °C"))
    defer { server.stop() }
    let client = LLMClient(provider(format.0, server.url), environment: ProcessEnvironment([:]))
    let options = GenerationOptions(tools: [Bodies.weather])
    var messages: [Message] = ["How warm is it?"]
    let reply = try await client.generate(messages, model: format.1, options: options, streaming: streaming)
    let call = try #require(reply.toolCalls.first)
    #expect(call.name == "weather")
    #expect(call.arguments == #"{"city":"Wien"}"#)
    #expect(!call.id.isEmpty)
    messages += [.assistant(reply), .tool("21", for: call)]
    let answer = try await client.generate(messages, model: format.1, options: options, streaming: streaming)
    #expect(answer.text == "21 °C")
    #expect(server.requests[1].text.contains("Wien"))
  }

  @Test(arguments: formats)
  func refusals(format: (Provider.API, String)) async throws {
    let server = try ScriptedProvider(.error(status: 429, "slow down", retryAfter: .seconds(3)))
    defer { server.stop() }
    var client = LLMClient(provider(format.0, server.url), environment: ProcessEnvironment([:]))
    client.configuration.retry = .never
    let asking = client
    let error = await #expect(throws: LLMError.self) { try await asking.generate("Hi", model: format.1) }
    #expect(error?.code == .rateLimited)
    #expect(error?.message == "slow down")
    #expect(error?.retryAfter == .seconds(3))
  }
}

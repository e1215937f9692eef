import Signalbox

@testable import SignalboxLLM

/// Requests as they would be sent, without sending them.
enum Bodies {
  static func prepare(
    _ provider: Provider, _ request: LLMRequest, stream: Bool = true,
    environment: [String: String] = [:]
  ) throws -> PreparedRequest {
    try provider.prepare(request, isStream: stream, environment: ProcessEnvironment(environment))
  }

  static func body(
    _ provider: Provider, _ model: String, _ messages: [Message] = ["Hi"],
    _ options: GenerationOptions = .init(),
    stream: Bool = true
  ) throws -> String {
    let prepared = try prepare(provider, LLMRequest(model: model, messages, options: options), stream: stream)
    return String(decoding: prepared.body.raw, as: UTF8.self)
  }

  static func dropped(_ provider: Provider, _ model: String, _ options: GenerationOptions) throws -> [String]
  {
    try prepare(provider, LLMRequest(model: model, ["Hi"], options: options)).dropped
  }

  static let schema: JSONValue = [
    "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
    "additionalProperties": false,
  ]
  static let weather = ToolDefinition("weather", "Tells the weather", schema: schema)

  /// One of everything: a conversation with an image, reasoning, a tool call and its result.
  static let conversation: [Message] = [
    .system("Be brief."), .developer("Use metric units."),
    .user([
      .text("What is this, and the weather there?"),
      .image([0xFF, 0xD8, 0xFF, 0xE0], mediaType: "image/jpeg"),
    ]),
    Message(
      .assistant,
      [
        .reasoning(ReasoningBlock(text: "A photo of Vienna.", signature: "c2ln")), .text("Vienna."),
        .toolCall(ToolCall(id: "call_1", name: "weather", arguments: #"{"city":"Wien"}"#)),
      ]),
    .tool([ToolResult(callID: "call_1", name: "weather", text: "21 °C")]),
  ]

  /// One of every option.
  static let options = GenerationOptions(
    maxTokens: 500, temperature: 0.5, topP: 0.9, stop: ["END"], seed: 7, tools: [weather], toolChoice: .auto,
    parallelToolCalls: false, format: .jsonSchema(name: "answer", schema: schema), choices: 2, user: "u1",
    metadata: ["team": "search"])
}

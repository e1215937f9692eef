/// The form in which a provider answers.
public enum ProviderFormat: String, Sendable, Hashable, CaseIterable {
  /// OpenAI Chat Completions, and all who speak it.
  case chat
  /// OpenAI Completions.
  case completions
  /// OpenAI Responses.
  case responses
  /// Anthropic Messages.
  case messages
  /// Google Gemini `generateContent`.
  case gemini
  /// Ollama `/api/chat`.
  case ollama
  /// Amazon Bedrock Converse.
  case converse

  /// By the path of a request; nil when it is none of these.
  public init?(path: String) {
    let path = path.prefix { $0 != "?" }
    let found = ProviderFormat.endings.first { path.hasSuffix($0.ending) }
    guard let found else { return nil }
    self = found.format
  }

  private static let endings: [(ending: String, format: ProviderFormat)] = [
    ("/chat/completions", .chat), ("/completions", .completions), ("/responses", .responses),
    ("/messages", .messages), (":generateContent", .gemini), (":streamGenerateContent", .gemini),
    ("/api/chat", .ollama), ("/converse", .converse), ("/converse-stream", .converse),
  ]

  /// Whether the request wants a stream: by its path where that says so, else by `stream` in its body.
  func streams(path: String, said: Bool?) -> Bool {
    switch self {
    case .gemini: path.contains(":streamGenerateContent")
    case .converse: path.hasSuffix("/converse-stream")
    case .ollama: said ?? true
    default: said ?? false
    }
  }

  func contentType(streams: Bool) -> String {
    guard streams else { return "application/json" }
    return switch self {
    case .ollama: "application/x-ndjson"
    case .converse: "application/vnd.amazon.eventstream"
    default: "text/event-stream"
    }
  }
}

import Signalbox
import SignalboxLLM

/// Writes what a script says in a provider's form. Formats: the providers' public API references.
struct ReplyRenderer {
  let script: ReplyScript
  let format: ProviderFormat
  let model: String
  /// Events of the Responses API are numbered.
  var sequence = 0

  init(_ script: ReplyScript, format: ProviderFormat, requestedModel: String) {
    self.script = script
    self.format = format
    model = script.model ?? requestedModel
  }

  /// The pieces of a streamed answer.
  mutating func stream() -> [[UInt8]] {
    switch format {
    case .chat: chatStream()
    case .completions: completionsStream()
    case .responses: responsesStream()
    case .messages: messagesStream()
    case .gemini: geminiStream()
    case .ollama: ollamaStream()
    case .converse: converseStream()
    }
  }

  /// The whole answer.
  mutating func whole() -> [UInt8] {
    let text =
      switch format {
      case .chat: wholeChat()
      case .completions: wholeCompletion()
      case .responses: wholeResponse()
      case .messages: wholeMessage()
      case .gemini: gemini(parts: geminiParts(), finish: finishReason("STOP", tools: "STOP"))
      case .ollama:
        ollama(text: script.text, thinking: script.reasoning, isDone: true, tools: script.toolCalls)
      case .converse: wholeConverse()
      }
    return Array(text.utf8)
  }

  /// The body of an answer that refuses.
  static func refusal(status: Int, _ message: String, format: ProviderFormat) -> String {
    let message = quoted(message)
    return switch format {
    case .chat, .completions, .responses:
      "{\"error\":{\"message\":\(message),\"type\":\"\(type(status))\",\"param\":null"
        + ",\"code\":\"\(type(status))\"}}"
    case .messages: "{\"type\":\"error\",\"error\":{\"type\":\"\(type(status))\",\"message\":\(message)}}"
    case .gemini:
      "{\"error\":{\"code\":\(status),\"message\":\(message),\"status\":\"\(googleStatus(status))\"}}"
    case .ollama: "{\"error\":\(message)}"
    case .converse: "{\"message\":\(message)}"
    }
  }

  /// google.rpc.Code of an HTTP status: https://cloud.google.com/apis/design/errors
  private static func googleStatus(_ status: Int) -> String {
    switch status {
    case 400: "INVALID_ARGUMENT"
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "NOT_FOUND"
    case 429: "RESOURCE_EXHAUSTED"
    case 503: "UNAVAILABLE"
    case 504: "DEADLINE_EXCEEDED"
    default: "INTERNAL"
    }
  }

  private static func type(_ status: Int) -> String {
    switch status {
    case 401, 403: "authentication_error"
    case 429: "rate_limit_error"
    case 529: "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
    }
  }

  /// What the script says, else what is usual.
  func finishReason(_ usual: String, tools: String) -> String {
    script.finishReason ?? (script.toolCalls.isEmpty ? usual : tools)
  }
}

/// A text as a JSON string.
func quoted(_ text: String) -> String { JSONValue.string(text).description }

/// A server-sent event.
func event(_ data: String, name: String? = nil) -> [UInt8] {
  Array((name.map { "event: \($0)\n" } ?? "").utf8) + Array("data: \(data)\n\n".utf8)
}

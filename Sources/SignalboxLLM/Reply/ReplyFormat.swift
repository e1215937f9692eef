internal import Wire

/// The formats in which providers reply.
package enum ReplyFormat: String, CaseIterable, Sendable {
  /// OpenAI Chat Completions, as Azure and compatible servers speak it too.
  case chat
  /// OpenAI's older Completions.
  case completions
  /// OpenAI Embeddings: no text, only usage.
  case embeddings
  /// OpenAI Responses.
  case responses
  /// Anthropic Messages.
  case messages
  /// Gemini generateContent and streamGenerateContent.
  case gemini
  /// Ollama's own chat and generate.
  case ollama
  /// Amazon Bedrock Converse and ConverseStream.
  case converse

  /// How the payloads of a stream lie in its body.
  package enum Framing: Sendable {
    /// Server-sent events.
    case events
    /// A JSON text a line.
    case lines
    /// Amazon's binary event stream.
    case frames
    /// The elements of one JSON array.
    case array
  }

  /// The format of the endpoint that the path ends in, asked with POST; nil for an endpoint that is no model call.
  package init?(path: UnsafeRawBufferPointer) {
    if path.hasSuffix("/chat/completions") {
      self = .chat
    } else if path.hasSuffix("/completions") {
      self = .completions
    } else if path.hasSuffix("/embeddings") {
      self = .embeddings
    } else if path.hasSuffix("/responses") {
      self = .responses
    } else if path.hasSuffix("/messages") {
      self = .messages
    } else if path.hasSuffix(":streamGenerateContent") || path.hasSuffix(":generateContent") {
      self = .gemini
    } else if path.hasSuffix("/api/chat") || path.hasSuffix("/api/generate") {
      self = .ollama
    } else if path.hasSuffix("/converse-stream") || path.hasSuffix("/converse") {
      self = .converse
    } else {
      return nil
    }
  }

  /// What `data.operation` says of such a call.
  package var operation: StaticString {
    switch self {
    case .chat, .messages, .gemini, .ollama, .converse: "chat"
    case .completions: "completion"
    case .embeddings: "embedding"
    case .responses: "response"
    }
  }

  /// How a body lies that begins with this byte; nil: it is no stream but one JSON text.
  ///
  /// The byte decides, not the content type: servers send errors as bare JSON in place of a stream.
  func framing(first: UInt8) -> Framing? {
    switch self {
    case .chat, .completions, .responses, .messages:
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? nil : .events
    case .embeddings: nil
    case .gemini: first == UInt8(ascii: "{") ? nil : first == UInt8(ascii: "[") ? .array : .events
    case .ollama: .lines
    case .converse: first == UInt8(ascii: "{") ? nil : .frames
    }
  }

  /// A stream is whole once every choice has its reason to finish. Other formats say so with an event of its own.
  var endsWithReasons: Bool {
    switch self {
    case .chat, .completions, .gemini, .converse: true
    case .embeddings, .responses, .messages, .ollama: false
    }
  }
}

extension UnsafeRawBufferPointer {
  package func hasSuffix(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    return count >= length && UnsafeRawBufferPointer(rebasing: self[(count - length)...]).elementsEqual(text)
  }
}

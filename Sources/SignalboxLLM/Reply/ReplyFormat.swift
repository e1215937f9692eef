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

  /// The format of the endpoint that a path below its server's base URL ends in, asked with POST; nil for an
  /// endpoint that is no model call, such as `/v1/messages/batches`.
  package init?(path: UnsafeRawBufferPointer) {
    if path.hasSuffix("/chat/completions") {
      self = .chat
    } else if path.hasSuffix("/completions") {
      self = .completions
    } else if path.hasSuffix("/embeddings") || path.hasSuffix("/api/embed") {
      self = .embeddings
    } else if path.hasSuffix("/responses") {
      self = .responses
    } else if Self.isMessages(path) {
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

  /// `/messages` directly below a version or the base URL. OpenAI's Assistants have `/v1/threads/{id}/messages`,
  /// which asks no model.
  private static func isMessages(_ path: UnsafeRawBufferPointer) -> Bool {
    guard path.hasSuffix("/messages") else { return false }
    let parent = UnsafeRawBufferPointer(rebasing: path.dropLast("/messages".utf8.count))
    guard let slash = parent.lastIndex(of: UInt8(ascii: "/")) else { return parent.isEmpty }
    let version = parent[(slash + 1)...]
    return version.count > 1 && version.first == UInt8(ascii: "v")
      && version.dropFirst().allSatisfy { 48...57 ~= $0 }
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

  /// One payload may hold a whole reply again, or an image: OpenAI Responses end with one that repeats everything,
  /// and Ollama with the numbers of all tokens. Their payloads may be as long as a reply.
  var hasLongPayloads: Bool {
    switch self {
    case .responses, .gemini, .ollama: true
    case .chat, .completions, .embeddings, .messages, .converse: false
    }
  }

  /// A stream ends with `[DONE]`. Some servers add it to other formats as well, where it means nothing.
  var endsWithDone: Bool { self == .chat || self == .completions }

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

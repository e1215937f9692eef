internal import JSONScan

/// Reads the payloads of one reply in its provider's format.
enum ReplyReader {
  case chat(ChatReader)
  case embeddings(EmbeddingsReader)
  case responses(ResponsesReader)
  case messages(MessagesReader)
  case gemini(GeminiReader)
  case ollama(OllamaReader)
  case converse(ConverseReader)

  init(_ format: ReplyFormat) {
    switch format {
    case .embeddings: self = .embeddings(EmbeddingsReader())
    case .responses: self = .responses(ResponsesReader())
    case .messages: self = .messages(MessagesReader())
    case .gemini: self = .gemini(GeminiReader())
    case .ollama: self = .ollama(OllamaReader())
    case .converse: self = .converse(ConverseReader())
    default: self = .chat(ChatReader())
    }
  }

  /// Reads one payload into `part`, in place of what was there. `event` is the name that a stream's framing gives
  /// it; empty: none.
  mutating func read(_ root: JSONValueView, event: UnsafeRawBufferPointer, into part: inout ReplyPart) {
    switch self {
    case .chat(var reader):
      reader.read(root, into: &part)
      self = .chat(reader)
    case .embeddings(let reader): reader.read(root, into: &part)
    case .responses(var reader):
      reader.read(root, event: event, into: &part)
      self = .responses(reader)
    case .gemini(var reader):
      reader.read(root, into: &part)
      self = .gemini(reader)
    case .ollama(var reader):
      reader.read(root, into: &part)
      self = .ollama(reader)
    case .messages(var reader):
      reader.read(root, event: event, into: &part)
      self = .messages(reader)
    case .converse(var reader):
      reader.read(root, event: event, into: &part)
      self = .converse(reader)
    }
  }
}

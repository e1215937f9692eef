internal import JSONScan

/// Reads the payloads of one reply in its provider's format.
enum ReplyReader {
  case chat(ChatReader)
  case messages(MessagesReader)
  case converse(ConverseReader)

  init(_ format: ReplyFormat) {
    switch format {
    case .messages: self = .messages(MessagesReader())
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
    case .messages(var reader):
      reader.read(root, event: event, into: &part)
      self = .messages(reader)
    case .converse(var reader):
      reader.read(root, event: event, into: &part)
      self = .converse(reader)
    }
  }
}

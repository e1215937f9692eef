internal import JSONScan

/// Reads the payloads of one reply in its provider's format.
enum ReplyReader {
  case chat(ChatReader)

  init(_ format: ReplyFormat) {
    switch format {
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
    }
  }
}

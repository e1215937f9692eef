internal import Wire

/// Joins adjacent pieces of the same text, so that what came in one read is one event.
///
/// Nothing is lost: an event says how many deltas it covers.
struct DeltaMerger: ~Copyable {
  struct Key: Equatable {
    var channel: ReplyChannel
    var choice: Int
    var tool: Int
  }

  private(set) var key = Key(channel: .text, choice: 0, tool: -1)
  /// The inside of a JSON string.
  private(set) var text = ByteWriter(capacity: 512)
  private(set) var count: Int64 = 0
  /// Set by the first piece only: a piece that names its call opens an event.
  private(set) var toolID: [UInt8] = []
  private(set) var toolName: [UInt8] = []

  var isEmpty: Bool { count == 0 }

  /// Whether the piece belongs to the text that is being collected.
  func accepts(_ piece: ReplyPiece, key: Key) -> Bool {
    count > 0 && key == self.key && piece.toolID == nil && piece.toolName == nil
      && text.count + piece.text.count <= CallSpan.textLimit
  }

  /// Begins a new text with the piece's names; its text follows by `append`.
  mutating func begin(_ piece: ReplyPiece, key: Key) {
    clear()
    self.key = key
    if let id = piece.toolID { toolID = Array(id) }
    if let name = piece.toolName { toolName = Array(name) }
  }

  /// Adds one delta's text, which must be the inside of a JSON string.
  mutating func append(_ piece: UnsafeRawBufferPointer) {
    text.append(piece)
    count += 1
  }

  mutating func clear() {
    text.truncate(to: 0)
    count = 0
    if !toolID.isEmpty { toolID = [] }
    if !toolName.isEmpty { toolName = [] }
  }

  /// Writes the data of `llm.delta`.
  func appendData(to writer: inout ByteWriter) {
    writer.append("{\"channel\":\"")
    writer.append(key.channel.name)
    writer.append("\",\"text\":\"")
    writer.append(text.raw)
    writer.append("\"")
    if key.choice > 0 {
      writer.append(",\"choice\":")
      writer.append(decimal: key.choice)
    }
    if key.tool >= 0 {
      writer.append(",\"tool\":{\"index\":")
      writer.append(decimal: key.tool)
      writer.append(",\"id\":\"", toolID)
      writer.append(",\"name\":\"", toolName)
      writer.append(UInt8(ascii: "}"))
    }
    writer.append(UInt8(ascii: "}"))
  }
}

extension ByteWriter {
  /// Writes a member whose string needs no escaping, unless it is empty; `opening` ends with its quote.
  mutating func append(_ opening: StaticString, _ text: [UInt8]) {
    guard !text.isEmpty else { return }
    append(opening)
    append(text)
    append(UInt8(ascii: "\""))
  }
}

internal import JSONScan
internal import Wire

/// The shape of a stream's last chunk, so that the next one of the same shape need not be parsed.
///
/// The chunks of a stream are the same bytes but for a piece of text, and at some servers the time and the padding.
/// Where a payload is the learnt bytes with other contents in these three places, it is JSON of the same structure,
/// and the text is all that it says. Anything else is left to the parser.
struct ChunkTemplate {
  private enum Hole { case text, number, padding }

  private struct Gap {
    var start: Int
    var end: Int
    var hole: Hole
  }

  /// The payload that was learnt, empty: none.
  private var bytes: [UInt8] = []
  /// What may differ, in order.
  private var gaps: [Gap] = []
  private var channel = ReplyChannel.text
  private var choice = 0
  private var tool = -1

  /// Events are worth looking at one by one: the next may have the learnt shape.
  var hasShape: Bool { !bytes.isEmpty }

  /// Learns a payload that says nothing but a piece of text, and forgets the last one in any case.
  mutating func learn(_ payload: UnsafeRawBufferPointer, _ root: JSONValueView, _ chunk: ReplyPart) {
    bytes.removeAll(keepingCapacity: true)
    gaps.removeAll(keepingCapacity: true)
    guard chunk.pieces.count == 1, chunk.choices.count == 1, chunk.finishes.isEmpty, chunk.usage == nil,
      chunk.failure == nil, let piece = chunk.pieces.first, !piece.isValue, !piece.text.isEmpty,
      piece.toolID == nil, piece.toolName == nil, payload.count <= 4096
    else { return }
    add(piece.text, .text, in: payload)
    if let created = root["created"], created.kind == .number { add(created.bytes, .number, in: payload) }
    if let padding = root["obfuscation"]?.text { add(padding, .padding, in: payload) }
    gaps.sort { $0.start < $1.start }
    bytes.append(contentsOf: payload)
    channel = piece.channel
    choice = piece.choice
    tool = piece.tool
  }

  private mutating func add(_ part: UnsafeRawBufferPointer, _ hole: Hole, in payload: UnsafeRawBufferPointer)
  {
    guard let from = payload.baseAddress, let at = part.baseAddress else { return }
    let start = from.distance(to: at)
    gaps.append(Gap(start: start, end: start + part.count, hole: hole))
  }

  /// The piece of text of the event that `bytes` begin with, and the event's length; nil when it is not whole or
  /// must be parsed. The bytes must begin where an event of the stream does.
  func match(_ bytes: UnsafeRawBufferPointer) -> (piece: ReplyPiece, length: Int)? {
    let field: StaticString = "data: "
    let start = field.utf8CodeUnitCount
    guard !self.bytes.isEmpty, bytes.count > start,
      UnsafeRawBufferPointer(rebasing: bytes[..<start]).elementsEqual(field),
      let (text, end) = matchPayload(bytes, from: start), !text.isEmpty,
      let length = Self.endOfEvent(bytes, end)
    else { return nil }
    return (ReplyPiece(channel: channel, choice: choice, tool: tool, text: text), length)
  }

  private func matchPayload(
    _ payload: UnsafeRawBufferPointer, from start: Int
  ) -> (text: UnsafeRawBufferPointer, end: Int)? {
    bytes.withUnsafeBytes { learnt in
      var text: UnsafeRawBufferPointer?
      var at = start
      var from = 0
      for gap in gaps {
        guard Self.sameBytes(learnt, from..<gap.start, payload, at) else { return nil }
        at += gap.start - from
        from = gap.end
        guard let end = Self.end(of: gap.hole, in: payload, from: at) else { return nil }
        if gap.hole == .text { text = UnsafeRawBufferPointer(rebasing: payload[at..<end]) }
        at = end
      }
      guard let text, Self.sameBytes(learnt, from..<learnt.count, payload, at) else { return nil }
      return (text, at + learnt.count - from)
    }
  }

  /// Past the empty line behind a payload.
  private static func endOfEvent(_ bytes: UnsafeRawBufferPointer, _ end: Int) -> Int? {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[end...])
    if rest.starts(with: "\n\n".utf8) { return end + 2 }
    if rest.starts(with: "\r\n\r\n".utf8) { return end + 4 }
    return nil
  }

  private static func sameBytes(
    _ learnt: UnsafeRawBufferPointer, _ range: Range<Int>, _ payload: UnsafeRawBufferPointer, _ at: Int
  ) -> Bool {
    guard at + range.count <= payload.count else { return false }
    return UnsafeRawBufferPointer(rebasing: learnt[range])
      .sameBytes(UnsafeRawBufferPointer(rebasing: payload[at..<at + range.count]))
  }

  private static func end(of hole: Hole, in payload: UnsafeRawBufferPointer, from start: Int) -> Int? {
    hole == .number ? endOfNumber(payload, start) : endOfString(payload, start)
  }

  /// Past a whole number without a leading zero.
  private static func endOfNumber(_ payload: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    var at = start
    while at < payload.count, payload[at] &- 48 < 10 { at += 1 }
    return at > start && (payload[start] != 48 || at == start + 1) ? at : nil
  }

  /// The closing quote of a string of plain ASCII with simple escapes; what needs closer looking at is the
  /// parser's.
  private static func endOfString(_ payload: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    var at = start
    while at < payload.count {
      switch payload[at] {
      case UInt8(ascii: "\""): return at
      case UInt8(ascii: "\\"):
        guard at + 1 < payload.count else { return nil }
        switch payload[at + 1] {
        case UInt8(ascii: "n"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "t"), UInt8(ascii: "r"),
          UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"):
          at += 2
        default: return nil
        }
      case 0x20..<0x80: at += 1
      default: return nil
      }
    }
    return nil
  }
}

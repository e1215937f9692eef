internal import JSONScan
internal import Wire

/// The shape of a stream's last chunk, so that the next one of the same shape need not be parsed.
///
/// The chunks of a stream are the same bytes but for a piece of text, and at some servers the time, a number and
/// the padding. Where a payload is the learnt bytes with other contents in these places, it is JSON of the same
/// structure, and the text is all that it says. Anything else is left to the parser.
///
/// A class, so that looking at it for every chunk copies nothing. Confined to the thread of its decoder.
final class ChunkTemplate {
  private enum Hole { case text, number, padding }

  private struct Gap {
    var start: Int
    var end: Int
    var hole: Hole
  }

  private static let field = "data: "

  /// Members of a chunk that differ from one to the next and mean nothing to us.
  private let idle: [StaticString]
  private let limit: Int
  /// The payload that was learnt, empty: none.
  private var bytes: [UInt8] = []
  /// The name of its event.
  private var event: [UInt8] = []
  /// What stands before it in a stream of server-sent events.
  private var opening: [UInt8] = []
  /// What may differ, in order.
  private var gaps: [Gap] = []
  private var channel = ReplyChannel.text
  private var choice = 0
  private var tool = -1
  private var runsAtProvider = false

  /// `limit` bounds the line of a payload, in bytes.
  init(_ format: ReplyFormat, limit: Int) {
    self.limit = limit
    idle =
      switch format {
      case .chat, .completions: ["created", "obfuscation"]
      case .responses: ["sequence_number", "obfuscation"]
      case .ollama: ["created_at"]
      case .converse: ["p"]
      case .messages, .gemini, .embeddings: []
      }
  }

  /// Events are worth looking at one by one: the next may have the learnt shape.
  var hasShape: Bool { !bytes.isEmpty }

  /// Learns a payload that says nothing but a piece of text, and forgets the last one in any case.
  func learn(
    _ payload: UnsafeRawBufferPointer, event: UnsafeRawBufferPointer, _ root: JSONValueView, _ part: ReplyPart
  ) {
    bytes.removeAll(keepingCapacity: true)
    gaps.removeAll(keepingCapacity: true)
    guard part.isOneText, let piece = part.pieces.first, payload.count <= 4096 else { return }
    add(piece.text, .text, in: payload)
    for name in idle {
      guard let value = root[name] else { continue }
      switch value.kind {
      case .number: add(value.bytes, .number, in: payload)
      case .string: add(value.bytes, .padding, in: payload)
      default: break
      }
    }
    gaps.sort { $0.start < $1.start }
    bytes.append(contentsOf: payload)
    channel = piece.channel
    choice = piece.choice
    tool = piece.tool
    runsAtProvider = piece.runsAtProvider
    if !event.sameBytes(self.event) || opening.isEmpty { learn(event: event) }
  }

  private func learn(event: UnsafeRawBufferPointer) {
    self.event = Array(event)
    opening = event.isEmpty ? [] : Array("event: ".utf8) + event + Array("\n".utf8)
    opening += Array(Self.field.utf8)
  }

  private func add(_ part: UnsafeRawBufferPointer, _ hole: Hole, in payload: UnsafeRawBufferPointer) {
    guard let from = payload.baseAddress, let at = part.baseAddress else { return }
    let start = from.distance(to: at)
    gaps.append(Gap(start: start, end: start + part.count, hole: hole))
  }

  /// The piece of text of the event that `bytes` begin with, and the event's length; nil when it is not whole or
  /// must be parsed. The bytes must begin where an event of a stream of server-sent events does.
  func match(_ bytes: UnsafeRawBufferPointer) -> (piece: ReplyPiece, length: Int)? {
    guard hasShape, bytes.count > opening.count,
      UnsafeRawBufferPointer(rebasing: bytes[..<opening.count]).sameBytes(opening),
      let (text, end) = matchPayload(bytes, from: opening.count), !text.isEmpty,
      end - opening.count + Self.field.utf8.count <= limit,
      let length = Self.endOfEvent(bytes, end)
    else { return nil }
    return (piece(text), length)
  }

  /// The piece of text of a payload of the learnt shape.
  func match(payload: UnsafeRawBufferPointer, event: UnsafeRawBufferPointer) -> ReplyPiece? {
    guard hasShape, event.sameBytes(self.event), let (text, end) = matchPayload(payload, from: 0),
      end == payload.count, !text.isEmpty
    else { return nil }
    return piece(text)
  }

  private func piece(_ text: UnsafeRawBufferPointer) -> ReplyPiece {
    var piece = ReplyPiece(channel: channel, choice: choice, tool: tool, text: text)
    piece.runsAtProvider = runsAtProvider
    return piece
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

extension ReplyPart {
  /// It says nothing but a piece of text of an answer.
  fileprivate var isOneText: Bool {
    guard pieces.count == 1, let piece = pieces.first, !piece.isValue, !piece.text.isEmpty,
      piece.toolID == nil, piece.toolName == nil
    else { return false }
    return choices.count <= 1 && finishes.isEmpty && annotations.isEmpty && opaques.isEmpty && usage == nil
      && failure == nil && !isOpaque && !isRepetition && !isEnd
  }
}

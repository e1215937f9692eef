internal import Wire

/// Finds the payloads in a stream, however they are framed.
struct ReplyFramer: ~Copyable {
  private let limit: Int
  private(set) var framing = ReplyFormat.Framing.events
  private var events: SSEDecoder
  private var lines: LineDecoder
  private var array: JSONArraySplitter
  private var frames: EventStreamDecoder
  /// A payload in place of one that is empty, or that a frame says in its headers.
  private let substitute = PaddedBuffer(capacity: 0)
  /// The stream is broken, not merely too large.
  private(set) var isCorrupt = false

  /// `limit` bounds one payload, in bytes.
  init(limit: Int) {
    self.limit = limit
    events = SSEDecoder(limit: limit)
    lines = LineDecoder(limit: limit)
    array = JSONArraySplitter(limit: limit)
    frames = EventStreamDecoder(limit: limit)
  }

  mutating func begin(_ framing: ReplyFormat.Framing) { self.framing = framing }

  /// What follows begins an event of a stream of server-sent events.
  var isBetweenEvents: Bool { framing == .events && events.isBetweenEvents }

  /// Hands over every payload that the bytes complete, with the name of its event; 64 readable bytes follow it.
  /// False when the stream cannot be read on.
  mutating func feed(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (_ payload: UnsafeRawBufferPointer, _ event: UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    switch framing {
    case .frames: return feed(frames: bytes, body)
    case .events:
      do throws(SSEError) {
        try events.feed(bytes) { body($0.data, $0.type) }
        return true
      } catch {
        return false
      }
    case .lines:
      do throws(TooLongError) {
        try lines.feed(bytes) { body($0, Self.noName) }
        return true
      } catch {
        return false
      }
    case .array:
      do throws(JSONArrayError) {
        try array.feed(bytes) { body($0, Self.noName) }
        return true
      } catch {
        isCorrupt = error == .malformed
        return false
      }
    }
  }

  /// The stream has ended: hands over a last payload whose end was left out.
  mutating func finish(
    _ body: (_ payload: UnsafeRawBufferPointer, _ event: UnsafeRawBufferPointer) -> Void
  ) {
    switch framing {
    case .frames: break
    case .events:
      // Too long a rest is no payload.
      try? events.finish(dispatchesRest: true) { body($0.data, $0.type) }
    case .lines: lines.finish { body($0, Self.noName) }
    case .array: break
    }
  }

  /// What stood in the stream outside of any event and looks like JSON; empty: nothing.
  mutating func takeStray() -> [UInt8] { events.takeStray() }

  // MARK: Frames

  private mutating func feed(
    frames bytes: UnsafeRawBufferPointer,
    _ body: (_ payload: UnsafeRawBufferPointer, _ event: UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    do throws(EventStreamError) {
      try frames.feed(bytes) { [substitute] in Self.hand($0, substitute, body) }
      return true
    } catch {
      isCorrupt = error.kind == .corrupt
      return false
    }
  }

  /// Events and exceptions have a name and a payload; an error has its code and message in headers alone.
  private static func hand(
    _ message: EventStreamMessage, _ substitute: PaddedBuffer,
    _ body: (_ payload: UnsafeRawBufferPointer, _ event: UnsafeRawBufferPointer) -> Void
  ) {
    substitute.removeAll()
    if let event = message[":event-type"] ?? message[":exception-type"] {
      guard message.payload.isEmpty else { return body(message.payload, event) }
      withUnsafeBytes(of: (UInt8(ascii: "{"), UInt8(ascii: "}"))) { substitute.append($0) }
      return body(UnsafeRawBufferPointer(substitute.bytes), event)
    }
    guard message[":message-type"]?.elementsEqual("error") ?? false else { return }
    var error = ByteWriter(capacity: 128)
    error.append("{\"message\":")
    error.append(jsonString: text(message[":error-message"]))
    error.append(",\"code\":")
    error.append(jsonString: text(message[":error-code"]))
    error.append("}")
    substitute.append(error.raw)
    let name: StaticString = "error"
    body(
      UnsafeRawBufferPointer(substitute.bytes),
      UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  /// What a header says, with broken UTF-8 repaired: JSON holds no other.
  private static func text(_ header: UnsafeRawBufferPointer?) -> String {
    header.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
  private static var noName: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

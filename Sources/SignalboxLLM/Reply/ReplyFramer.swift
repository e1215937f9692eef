internal import Wire

/// Finds the payloads in a stream, however they are framed.
struct ReplyFramer: ~Copyable {
  private let limit: Int
  private var framing = ReplyFormat.Framing.events
  private var events: SSEDecoder
  /// The stream is broken, not merely too large.
  private(set) var isCorrupt = false

  /// `limit` bounds one payload, in bytes.
  init(limit: Int) {
    self.limit = limit
    events = SSEDecoder(limit: limit)
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
    case .events, .lines, .frames, .array:
      do throws(SSEError) {
        try events.feed(bytes) { body($0.data, $0.type) }
        return true
      } catch {
        return false
      }
    }
  }

  /// The stream has ended: hands over a last payload whose end was left out.
  mutating func finish(
    _ body: (_ payload: UnsafeRawBufferPointer, _ event: UnsafeRawBufferPointer) -> Void
  ) {
    switch framing {
    case .events, .lines, .frames, .array:
      // Too long a rest is no payload.
      try? events.finish(dispatchesRest: true) { body($0.data, $0.type) }
    }
  }

  /// What stood in the stream outside of any event and looks like JSON; empty: nothing.
  mutating func takeStray() -> [UInt8] { events.takeStray() }
}

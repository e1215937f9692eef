internal import Wire

/// Finds the payloads in a stream, however they are framed.
struct ReplyFramer: ~Copyable {
  private let limit: Int
  private var framing = ReplyFormat.Framing.events
  private var events: SSEDecoder
  private var lines: LineDecoder
  private var array: JSONArraySplitter
  /// The stream is broken, not merely too large.
  private(set) var isCorrupt = false

  /// `limit` bounds one payload, in bytes.
  init(limit: Int) {
    self.limit = limit
    events = SSEDecoder(limit: limit)
    lines = LineDecoder(limit: limit)
    array = JSONArraySplitter(limit: limit)
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
    case .events, .frames:
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
    case .events, .frames:
      // Too long a rest is no payload.
      try? events.finish(dispatchesRest: true) { body($0.data, $0.type) }
    case .lines: lines.finish { body($0, Self.noName) }
    case .array: break
    }
  }

  /// What stood in the stream outside of any event and looks like JSON; empty: nothing.
  mutating func takeStray() -> [UInt8] { events.takeStray() }

  private static var noName: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

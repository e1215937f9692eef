package import Wire

/// How an event looks on its way to a reader.
package enum EventFormat: Hashable, Sendable {
  /// A WebSocket text frame.
  case webSocket
  /// A server-sent event, whose `id:` is the position.
  case sse
  /// A member of a JSON list; the comma stands before it where it is not the first.
  case list
  /// Somebody else's format, which `EventFramer` writes.
  case dialect(Dialect)
}

extension ByteWriter {
  /// Writes a stored event with its position in the given form.
  package mutating func append(
    event: UnsafeRawBufferPointer, at position: Position, as format: EventFormat
  ) {
    let length = event.count + Self.positionMember + Self.digits(position.offset)
    reserve(length * 2 + 48)
    switch format {
    case .webSocket: append(webSocketHead: .text, count: length)
    case .sse:
      append("id: ")
      append(position)
      append("\ndata: ")
    case .list, .dialect: break
    }
    append("{\"position\":\"")
    append(position)
    append("\",")
    append(UnsafeRawBufferPointer(rebasing: event[1...]))
    if format == .sse { append("\n\n") }
  }

  /// Writes a control message, which is no event and has no position of its own.
  package mutating func append(control json: UnsafeRawBufferPointer, as format: EventFormat) {
    switch format {
    case .webSocket: append(webSocketHead: .text, count: json.count)
    case .sse: append("event: control\ndata: ")
    case .list, .dialect: break
    }
    append(json)
    if format == .sse { append("\n\n") }
  }

  /// Bytes that the `position` member adds, but for the digits of the offset: `"position":"` and the epoch,
  /// a hyphen, a quote and a comma.
  private static let positionMember = 12 + 13 + 2

  private static func digits(_ value: UInt64) -> Int {
    var digits = 1
    var rest = value / 10
    while rest > 0 {
      digits += 1
      rest /= 10
    }
    return digits
  }
}

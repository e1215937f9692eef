internal import Signalbox
package import Wire

/// What of an event a reader is shown. An event has at most one encoding for each.
package enum EventView: UInt8, Hashable, Sendable {
  /// As it is stored.
  case full
  /// Structure, timing and counts: without prompts, answers, arguments, results, error texts, tags and whatever else
  /// an application says of its own.
  case metadata
}

extension ByteWriter {
  /// Writes a stored event with its position in a reader's form and view: the one place where the view is chosen.
  ///
  /// - Parameter bytes: those of the event's whole batch.
  package mutating func append(
    _ slot: EventSlot, of bytes: UnsafeRawBufferPointer, at position: Position, as format: EventFormat,
    view: EventView
  ) {
    switch view {
    case .full:
      append(
        event: UnsafeRawBufferPointer(rebasing: bytes[slot.start..<slot.start + slot.length]), at: position,
        as: format)
    case .metadata:
      var shown = ByteWriter(capacity: 512)
      shown.append(metadataOf: slot, of: bytes)
      append(event: shown.raw, at: position, as: format)
    }
  }

  /// Writes the envelope without tags and members of the producer's own, and of `data` what `EventMetadata` keeps.
  mutating func append(metadataOf slot: EventSlot, of bytes: UnsafeRawBufferPointer) {
    append("{\"id\":\"")
    append(bytes.field(.id, of: slot))
    append("\"")
    for field in [EventField.type] { append(field, of: slot, bytes) }
    if let phase = slot.phase {
      append(",\"phase\":\"")
      append(phase.name)
      append("\"")
    }
    append(",\"time\":\"")
    append(rfc3339: Timestamp(nanoseconds: slot.time))
    append("\"")
    if slot.received != 0 {
      append(",\"received\":\"")
      append(rfc3339: Timestamp(nanoseconds: slot.received))
      append("\"")
    }
    if slot.late { append(",\"late\":true") }
    for field in Self.envelope { append(field, of: slot, bytes) }
    append(",\"index\":", slot.index, unless: -1)
    append(",\"count\":", slot.count, unless: 1)
    append(",\"seq\":", slot.seq, unless: -1)
    let data = bytes.field(.data, of: slot)
    if !data.isEmpty, let kept = EventMetadata.of(data) {
      append(",\"data\":")
      append(json: kept)
    }
    append("}")
  }

  private static let envelope: [EventField] = [
    .trace, .span, .parent, .session, .chain, .request, .source, .identity, .provider, .model, .producer,
    .schema,
  ]

  private mutating func append(_ field: EventField, of slot: EventSlot, _ bytes: UnsafeRawBufferPointer) {
    guard slot[field].isPresent else { return }
    append(",\"")
    append(field.name)
    append(field == .source ? "\":" : "\":\"")
    append(bytes.field(field, of: slot))
    if field != .source { append("\"") }
  }

  private mutating func append(_ opening: StaticString, _ value: Int64, unless absent: Int64) {
    guard value != absent else { return }
    append(opening)
    append(decimal: value)
  }
}

extension EventMetadata {
  /// Larger data is not looked into.
  private static let limit = 64 << 10

  static func of(_ text: UnsafeRawBufferPointer) -> JSONValue? {
    guard text.count <= limit, case .object(let data)? = try? JSONValue(parsing: text) else { return nil }
    return of(data)
  }
}

/// Where one member of an event lies, counted from the event's first byte. Offset 0 is the event's `{`, so it
/// stands for "absent".
package struct FieldRange: Equatable, Sendable {
  package var offset: UInt32 = 0
  package var length: UInt32 = 0

  package init() {}

  package init(offset: Int, length: Int) {
    self.offset = UInt32(offset)
    self.length = UInt32(length)
  }

  package var isPresent: Bool { offset != 0 }
}

/// The members of an event whose place is kept.
package enum EventField: UInt8, CaseIterable, Sendable {
  case id, type, trace, span, parent, session, chain, request, source, identity, provider, model, producer,
    schema, tags, data

  /// The member's name in JSON.
  package var name: StaticString {
    switch self {
    case .id: "id"
    case .type: "type"
    case .trace: "trace"
    case .span: "span"
    case .parent: "parent"
    case .session: "session"
    case .chain: "chain"
    case .request: "request"
    case .source: "source"
    case .identity: "identity"
    case .provider: "provider"
    case .model: "model"
    case .producer: "producer"
    case .schema: "schema"
    case .tags: "tags"
    case .data: "data"
    }
  }
}

/// One event within the bytes of its batch: where it lies, where its members lie, and its numbers.
///
/// The ranges of strings lie between the quotes, those of `source`, `tags` and `data` include the brackets.
/// Strings are in canonical JSON escaping (what `ByteWriter.append(jsonString:)` writes); ids and types never
/// contain an escape.
package struct EventSlot: Sendable {
  /// The event's first byte in the batch, and its length.
  package var start: Int = 0
  package var length: Int = 0

  package var phase: Phase?
  /// The id was minted here, so no other event can carry it.
  package var mintedID = false
  package var late = false

  /// The producer's clock, nanoseconds since 1970.
  package var time: Int64 = 0
  /// When it came in, nanoseconds since 1970; 0: not yet.
  package var received: Int64 = 0
  /// Place among its span's deltas, from 0; -1: none.
  package var index: Int64 = -1
  /// How many adjacent deltas were merged into this one; 1 when none.
  package var count: Int64 = 1
  /// Place among its producer's events; -1: none.
  package var seq: Int64 = -1

  private var ranges = InlineArray<16, FieldRange>(repeating: FieldRange())
  /// Past the `received` member: where members that an event inherits are put in.
  package var insertion: UInt32 = 0

  package init() {}

  /// Where a member lies.
  package subscript(field: EventField) -> FieldRange {
    get { ranges[Int(field.rawValue)] }
    set { ranges[Int(field.rawValue)] = newValue }
  }

  package var id: FieldRange { self[.id] }
  package var type: FieldRange { self[.type] }
  package var trace: FieldRange { self[.trace] }
  package var span: FieldRange { self[.span] }
  package var parent: FieldRange { self[.parent] }
  package var session: FieldRange { self[.session] }
  package var chain: FieldRange { self[.chain] }
  package var request: FieldRange { self[.request] }
  package var provider: FieldRange { self[.provider] }
  package var model: FieldRange { self[.model] }
  package var producer: FieldRange { self[.producer] }
  package var tags: FieldRange { self[.tags] }
  package var data: FieldRange { self[.data] }

  /// Moves every range that lies at or behind `point` by `distance`.
  mutating func shift(from point: UInt32, by distance: Int) {
    for i in ranges.indices where ranges[i].isPresent && ranges[i].offset >= point {
      ranges[i].offset += UInt32(distance)
    }
  }
}

/// How far a reader may look, whatever it asks for: an event is within when it lies in one of the named sessions,
/// chains and traces, and its type begins as one of the types.
package struct EventBounds: Hashable, Sendable {
  /// Every session, chain and trace.
  package var isEverywhere = false
  package var sessions: Set<String> = []
  package var chains: Set<String> = []
  package var traces: Set<String> = []
  /// Beginnings of types; empty: every type.
  package var types: [String] = []

  package init() {}
}

/// Bounds made ready to be matched against many slots. Ids never contain an escape, so bytes are compared.
struct BoundsMatcher: Sendable {
  private let isEverywhere: Bool
  private let places: [(field: EventField, ids: [SharedBytes])]
  private let types: [SharedBytes]

  init(_ bounds: EventBounds) {
    isEverywhere = bounds.isEverywhere
    places = [(EventField.session, bounds.sessions), (.chain, bounds.chains), (.trace, bounds.traces)]
      .compactMap { field, ids in
        ids.isEmpty ? nil : (field, ids.sorted().map { SharedBytes($0.utf8) })
      }
    types = bounds.types.map { SharedBytes($0.utf8) }
  }

  func contains(_ slot: EventSlot, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard isEverywhere || places.contains(where: { isAt($0, slot, bytes) }) else { return false }
    if types.isEmpty { return true }
    let type = bytes.field(.type, of: slot)
    return types.contains { type.starts(withBytes: $0.raw) }
  }

  private func isAt(
    _ place: (field: EventField, ids: [SharedBytes]), _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    // An event without such a member has no bytes there, and no id is empty.
    let value = bytes.field(place.field, of: slot)
    return value.count > 0 && place.ids.contains { value.sameBytes($0.raw) }
  }
}

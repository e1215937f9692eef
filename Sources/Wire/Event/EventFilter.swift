/// Which events a reader wants; an empty filter wants all. All conditions must hold.
package struct EventFilter: Hashable, Sendable {
  /// Beginnings of types, any of which will do; empty: every type.
  package var types: [String] = []
  package var session: String?
  package var trace: String?
  package var span: String?
  package var chain: String?
  package var request: String?
  package var provider: String?
  package var model: String?
  /// Tags that must be there with these values.
  package var tags: [Tag] = []
  /// How far the reader may look; nil: everywhere. Not the reader's to say.
  package var bounds: EventBounds?

  package struct Tag: Hashable, Sendable {
    package var key: String
    package var value: String
    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  package init() {}

  package var isEmpty: Bool { self == EventFilter() }
}

/// A filter made ready to be matched against many slots: its values as escaped bytes.
package struct EventMatcher: Sendable {
  private let types: [SharedBytes]
  private let fields: [(field: EventField, value: SharedBytes)]
  private let tags: [(key: SharedBytes, value: SharedBytes)]
  private let bounds: BoundsMatcher?

  package init(_ filter: EventFilter) {
    types = filter.types.map { SharedBytes($0.utf8) }
    let named: [(EventField, String?)] = [
      (.span, filter.span), (.trace, filter.trace), (.session, filter.session), (.chain, filter.chain),
      (.request, filter.request), (.provider, filter.provider), (.model, filter.model),
    ]
    fields = named.compactMap { field, value in value.map { (field, Self.escaped($0)) } }
    tags = filter.tags.map { (Self.escaped($0.key), Self.escaped($0.value)) }
    bounds = filter.bounds.map(BoundsMatcher.init)
  }

  /// Whether every event matches.
  package var isEmpty: Bool { types.isEmpty && fields.isEmpty && tags.isEmpty && bounds == nil }

  /// Whether the event matches; `bytes` are those of its whole batch.
  package func matches(_ slot: EventSlot, in bytes: UnsafeRawBufferPointer) -> Bool {
    for (field, value) in fields where !bytes.field(field, of: slot).sameBytes(value.raw) { return false }
    if !types.isEmpty {
      let type = bytes.field(.type, of: slot)
      guard types.contains(where: { type.starts(withBytes: $0.raw) }) else { return false }
    }
    if let bounds, !bounds.contains(slot, in: bytes) { return false }
    guard !tags.isEmpty else { return true }
    let present = bytes.field(.tags, of: slot)
    return tags.allSatisfy { present.containsTag($0.key.raw, $0.value.raw) }
  }

  private static func escaped(_ text: String) -> SharedBytes {
    var writer = ByteWriter(capacity: text.utf8.count + 8)
    writer.append(jsonString: text)
    return SharedBytes(copying: UnsafeRawBufferPointer(rebasing: writer.raw[1..<writer.count - 1]))
  }
}

extension UnsafeRawBufferPointer {
  package func starts(withBytes prefix: UnsafeRawBufferPointer) -> Bool {
    count >= prefix.count && UnsafeRawBufferPointer(rebasing: self[..<prefix.count]).sameBytes(prefix)
  }

  /// Whether this canonical JSON object of strings has that member.
  fileprivate func containsTag(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
    var at = 1
    // Each turn reads one `"key":"value"` and the comma behind it.
    while at < count, self[at] == 0x22 {
      guard let keyEnd = quote(from: at + 1), let valueEnd = quote(from: keyEnd + 3) else { return false }
      if UnsafeRawBufferPointer(rebasing: self[at + 1..<keyEnd]).sameBytes(key) {
        return UnsafeRawBufferPointer(rebasing: self[keyEnd + 3..<valueEnd]).sameBytes(value)
      }
      at = valueEnd + 2
    }
    return false
  }

  private func quote(from start: Int) -> Int? {
    var i = start
    while i < count {
      switch self[i] {
      case 0x22: return i
      case 0x5C: i += 2
      default: i += 1
      }
    }
    return nil
  }
}

/// What a type is called in the events of its methods.
struct InstrumentedType: Sendable {
  /// Its own name, without what it is generic over.
  let name: String
  /// `<Swift module>.<kind of span>.<name>`; nil where these make no identity.
  let identity: Identity?

  private struct Key: Hashable {
    var type: ObjectIdentifier
    var kind: String
  }

  /// Types remembered, because finding a type's name costs more than an event. More are found again each time.
  private static let limit = 1000
  private static let known = Locked<[Key: InstrumentedType]>([:])

  static func of(_ owner: Any, kind: SpanKind) -> InstrumentedType {
    let type = owner as? Any.Type ?? Swift.type(of: owner)
    let key = Key(type: ObjectIdentifier(type), kind: kind.name)
    if let known = known.withLock({ $0[key] }) { return known }
    let found = InstrumentedType(type, kind)
    known.withLock { known in
      if known.count < limit { known[key] = found }
    }
    return found
  }

  private init(_ type: Any.Type, _ kind: SpanKind) {
    name = String(String(describing: type).prefix { $0 != "<" })
    let module = String(reflecting: type).prefix { $0 != "." }
    identity = Identity(validating: "\(module).\(kind.name).\(name)")
  }
}

/// What a type's method is called in its events.
struct InstrumentedMethod: Sendable {
  /// The type's own name, without what it is generic over.
  let module: String
  /// Without its arguments.
  let name: String
  /// `<module>.<name>`.
  let spanName: String
  /// `<Swift module>.<kind of span>.<module>`; nil where these make no identity.
  let identity: Identity?

  private struct Key: Hashable {
    var type: ObjectIdentifier
    var kind: String
    var function: String
  }

  /// Methods remembered, because finding their names costs more than an event. More are found again each time.
  private static let limit = 1000
  private static let known = Locked<[Key: InstrumentedMethod]>([:])

  static func of<Owner>(_ owner: Owner, kind: SpanKind, function: String) -> InstrumentedMethod {
    // Where the owner is a type this is that type's own type, which tells it as well.
    let key = Key(type: ObjectIdentifier(Swift.type(of: owner as Any)), kind: kind.name, function: function)
    if let known = known.withLock({ $0[key] }) { return known }
    let found = InstrumentedMethod(owner as? Any.Type ?? Swift.type(of: owner as Any), kind, function)
    known.withLock { known in
      if known.count < limit { known[key] = found }
    }
    return found
  }

  private init(_ type: Any.Type, _ kind: SpanKind, _ function: String) {
    module = String(String(describing: type).prefix { $0 != "<" })
    name = String(function.prefix { $0 != "(" })
    spanName = "\(module).\(name)"
    let swiftModule = String(reflecting: type).prefix { $0 != "." }
    identity = Identity(validating: "\(swiftModule).\(kind.name).\(module)")
  }
}

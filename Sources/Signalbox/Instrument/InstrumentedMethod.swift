/// What a type's method is called in its events.
final class InstrumentedMethod: Sendable {
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

  /// What the last call's surroundings became inside of it: the next call is mostly from the same.
  private let last = Locked<(outer: Context.Common, inner: Context.Common)?>(nil)

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

  /// Says in a context that the method is where it happens.
  func enter(_ context: inout Context.Fields) {
    let outer = context.common
    if let inner = last.withLock({ $0?.outer === outer ? $0?.inner : nil }) {
      context.adopt(inner)
      return
    }
    context.change {
      $0.source = Context.Source(service: $0.source?.service, module: module, method: name)
      if let identity { $0.identity = identity }
    }
    let inner = context.common
    // What is let go of goes outside of the lock.
    var gone: (outer: Context.Common, inner: Context.Common)? = (outer, inner)
    last.withLock { swap(&$0, &gone) }
  }
}

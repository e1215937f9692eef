internal import Net
internal import Wire

/// What a dialect's caller names.
enum DialectPlace {
  case session(String)
  case chain(String)

  func isSession(_ id: String) -> Bool { if case .session(let own) = self { own == id } else { false } }

  /// The events that lie there.
  var filter: EventFilter {
    var filter = EventFilter()
    switch self {
    case .session(let id): filter.session = id
    case .chain(let id): filter.chain = id
    }
    return filter
  }
}

/// What a caller may do where it was let in.
struct DialectPass {
  /// The events that it may see there.
  var filter: EventFilter
  /// Whether it sees texts, arguments and results.
  var content = true
  /// Whether it may write messages.
  var speaks = true
  /// The moment at which its right ends, and its connection with it; nil: none.
  var expires: Timestamp?
}

/// The one place where dialects ask who may see and say what.
struct DialectAccess {
  let gatekeeper: Gatekeeper

  /// What the sender of a request may do in a session or with a chain; fails when it is not let in.
  func pass(_ exchange: HTTPExchange, to place: DialectPlace) throws(APIError) -> DialectPass {
    let visitor = try gatekeeper.enter(exchange, Demand(scopes: .read, takesTokens: true))
    // Who was given a session by name may speak in it; who has a key, where the key may write.
    let speaks =
      visitor.hasToken
      ? visitor.grant.sessions.contains { place.isSession($0) }
      : gatekeeper.allows(exchange, .ingest)
    return DialectPass(
      filter: try visitor.grant.narrow(place.filter), content: visitor.grant.content, speaks: speaks,
      expires: visitor.expires)
  }
}

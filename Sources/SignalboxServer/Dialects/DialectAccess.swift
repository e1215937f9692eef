internal import Net
internal import Wire

/// What a dialect's caller names.
enum DialectPlace {
  case session(String)
  case chain(String)

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
  /// Who it is, and until when.
  var visitor = Visitor.owner()
}

/// The one place where dialects ask who may see and say what.
struct DialectAccess {
  let gatekeeper: Gatekeeper

  /// What the sender of a request may do in a session or with a chain; fails when it is not let in.
  func pass(_ exchange: HTTPExchange, to place: DialectPlace) throws(APIError) -> DialectPass {
    let visitor = try gatekeeper.enter(exchange, Demand(scopes: .read, takesTokens: true))
    return DialectPass(
      filter: try visitor.grant.narrow(place.filter), content: visitor.grant.content,
      speaks: visitor.speaks(in: place), visitor: visitor)
  }

  /// Counts a refusal that a dialect tells in its own way.
  func note(_ error: APIError, _ exchange: HTTPExchange) {
    if [401, 403, 429].contains(error.status) { gatekeeper.note(exchange, error) }
  }
}

extension Visitor {
  /// Whether it may write messages there: to send is what the scope `ingest` is for, and a token must say so and name
  /// the session itself.
  fileprivate func speaks(in place: DialectPlace) -> Bool {
    guard hasToken else { return scope.allows(.ingest) }
    guard case .session(let id) = place else { return false }
    return grant.speak && grant.sessions.contains(id)
  }
}

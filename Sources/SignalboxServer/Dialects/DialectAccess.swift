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
}

/// The one place where dialects ask who may see and say what.
struct DialectAccess {
  let gatekeeper: Gatekeeper

  /// What the sender of a request may do in a session or with a chain; fails when it is not let in.
  func pass(_ exchange: HTTPExchange, to place: DialectPlace) throws(APIError) -> DialectPass {
    if let refusal = gatekeeper.authorize(exchange.head, for: .read) { throw refusal }
    return DialectPass(
      filter: place.filter, content: true, speaks: gatekeeper.authorize(exchange.head, for: .ingest) == nil)
  }
}

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
  /// Whether it sees texts, arguments and results.
  var content = true
  /// Whether it may write messages.
  var speaks = true
}

/// The one place where dialects ask who may see and say what.
struct DialectAccess {
  let gatekeeper: Gatekeeper

  /// What the sender of a request may do in a session or with a chain, or why it is not let in.
  func pass(_ head: HTTPRequestHead, to place: DialectPlace) -> Result<DialectPass, APIError> {
    if let refusal = gatekeeper.authorize(head, for: .read) { return .failure(refusal) }
    return .success(DialectPass(content: true, speaks: gatekeeper.authorize(head, for: .ingest) == nil))
  }
}

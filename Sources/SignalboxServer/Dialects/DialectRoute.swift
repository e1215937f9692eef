internal import Net
internal import Wire

/// The paths of the dialects.
enum DialectRoute: Equatable {
  /// `/ws?session_id=`
  case session
  /// `/ws/chain/{id}/`
  case chain(String)
  /// `/ws/v1/{kind}/{id}/`
  case simWorks(String)

  /// - Parameter segments: of the path, decoded.
  init?(_ segments: [String]) {
    guard segments.first == "ws" else { return nil }
    switch (segments.count, segments.dropFirst().first) {
    case (1, _): self = .session
    case (3, "chain"): self = .chain(segments[2])
    case (3, "v1"), (4, "v1"): self = .simWorks(segments[segments.count - 1])
    default: return nil
    }
  }
}

/// What the query of a dialect says; parameters that are not known here are the client's own.
struct DialectQuery {
  /// Where to begin; nil: where the dialect begins by itself.
  var start: LiveRequest.Start?
  var options: Dialect.Options = []

  init(_ query: HTTPQuery) throws(QueryError) {
    for (name, value) in query.items {
      switch name {
      case "after", "cursor":
        guard let position = Position(value) else {
          throw QueryError(
            field: name, message: "'\(value)' is not a position",
            hint: "Send the position of the last frame you have, such as 3f9c02a711de-1024")
        }
        start = .after(position)
        options.insert(.positions)
      case "from":
        guard value == "start" || value == "now" else {
          throw QueryError(field: "from", message: "'\(value)' is neither start nor now", hint: "from=start")
        }
        start = value == "start" ? .beginning : .now
      case "positions": if Self.isOn(value) { options.insert(.positions) }
      case "stream": if Self.isOn(value) { options.insert(.pieces) }
      default: break
      }
    }
  }

  private static func isOn(_ value: String) -> Bool { ["", "1", "true", "yes"].contains(value.lowercased()) }
}

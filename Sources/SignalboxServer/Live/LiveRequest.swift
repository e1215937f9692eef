package import Wire

/// What a viewer asks for, as it stands in the query of `/v1/live`.
package struct LiveRequest: Equatable, Sendable {
  /// Where to begin.
  package enum Start: Equatable, Sendable {
    /// With what is stored from now on.
    case now
    /// Behind this position.
    case after(Position)
    /// With the first event of what the filter names, else with the oldest event there is.
    case beginning
  }

  package var filter = EventFilter()
  package var start = Start.now
  /// Speed of a replay, 1 being the original; nil: as fast as it goes.
  package var replay: Double?
  /// Who asks. Not part of the query.
  package var visitor = Visitor.owner()

  package init() {}
}

/// A query parameter that cannot be understood.
package struct QueryError: Error, Equatable, Sendable {
  package var field: String
  package var message: String
  package var hint: String
}

extension EventFilter {
  /// Takes one query parameter; answers false when it is none of the filter's.
  package mutating func take(_ name: String, _ value: String) throws(QueryError) -> Bool {
    switch name {
    case "type": types += value.split(separator: ",").map(String.init)
    case "session": session = value
    case "trace": trace = value
    case "span": span = value
    case "chain": chain = value
    case "request": request = value
    case "provider": provider = value
    case "model": model = value
    case "tag":
      guard let separator = value.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
        throw QueryError(field: "tag", message: "A tag needs a value", hint: "tag=user=u1")
      }
      tags.append(
        Tag(key: String(value[..<separator]), value: String(value[value.index(after: separator)...])))
    default: return false
    }
    return true
  }
}

extension LiveRequest {
  /// Reads the parameters of a query, already percent-decoded.
  package init(parameters: [(name: String, value: String)]) throws(QueryError) {
    self.init()
    for (name, value) in parameters {
      if try filter.take(name, value) { continue }
      switch name {
      case "after":
        guard let position = Position(value) else {
          throw QueryError(
            field: "after", message: "'\(value)' is not a position",
            hint: "Send the position of the last event you have, such as 3f9c02a711de-1024")
        }
        start = .after(position)
      case "from":
        guard value == "start" || value == "now" else {
          throw QueryError(field: "from", message: "'\(value)' is neither start nor now", hint: "from=start")
        }
        start = value == "start" ? .beginning : .now
      case "replay":
        guard let speed = Double(value), speed > 0, speed <= 10_000 else {
          throw QueryError(
            field: "replay", message: "'\(value)' is not a speed from 0 to 10000", hint: "replay=1")
        }
        replay = speed
      case "key", "token", "limit": break
      default:
        throw QueryError(
          field: name, message: "There is no such parameter",
          hint: "type, session, trace, span, chain, request, provider, model, tag, after, from, replay")
      }
    }
    if replay != nil, start == .now {
      throw QueryError(
        field: "replay", message: "A replay needs a place to begin", hint: "Add from=start or after=…")
    }
  }
}

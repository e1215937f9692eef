import Signalbox
import Wire

@testable import SignalboxServer

extension Property {
  /// The input is a URL's query. Every reader of queries takes it or says what is wrong with which parameter, and what
  /// it takes is a filter that can be asked.
  static let query = Property("query") { bytes in
    let query = bytes.withUnsafeBytes { HTTPQuery($0) }
    let parameters = query.items.map { (name: $0.name, value: $0.value) }
    func check<Request>(_ read: () throws(QueryError) -> Request) -> Request? {
      do { return try read() } catch {
        precondition(
          parameters.contains { $0.name == error.field } && !error.message.isEmpty && !error.hint.isEmpty,
          "an error that does not say what of")
        return nil
      }
    }
    if let live = check({ () throws(QueryError) in try LiveRequest(parameters: parameters) }) {
      precondition(live.replay.map { $0 > 0 && $0 <= 10_000 } ?? true, "a speed out of bounds")
      _ = EventMatcher(live.filter)
    }
    if let history = check({ () throws(QueryError) in try HistoryRequest(parameters: parameters) }) {
      precondition(1...10_000 ~= history.limit, "a page out of bounds")
    }
    if let traces = check({ () throws(QueryError) in try TracesRequest(parameters: parameters) }) {
      precondition(1...1000 ~= traces.limit, "a page out of bounds")
    }
    _ = check { () throws(QueryError) in try DialectQuery(query) }
  }

  /// The input is a position. What is read is written and read again as the same.
  static let position = Property("position") { bytes in
    guard let position = bytes.withUnsafeBytes({ Position($0) }) else { return }
    precondition(position.epoch < 1 << 48, "an epoch of more than 48 bits")
    precondition(Position(position.description) == position, "another position when it is read again")
  }

  /// The input is a request's path. Where it leads, session and rest are within it.
  static let route = Property("route") { bytes in
    bytes.withUnsafeBytes { path in
      guard let route = GatewayRoute(path, upstreams: upstreams) else { return }
      precondition(upstreams.indices.contains(route.upstream) && route.rest <= path.count, "it leads nowhere")
      precondition(
        route.session.isEmpty || route.session.withUnsafeBytes { EventRules.isID($0) }, "no session id")
    }
    let segments = String(decoding: bytes, as: UTF8.self).split(separator: "/").map(String.init)
    _ = DialectRoute(segments)
    if let upstream = try? GatewayUpstream(name: "a", url: String(decoding: bytes, as: UTF8.self)) {
      precondition(upstream.url.hasPrefix("http://") || upstream.url.hasPrefix("https://"), "another scheme")
      precondition(!upstream.url.contains { $0 == " " || $0 == "\n" || $0 == "\r" }, "a URL with white space")
    }
  }

  /// The input is a header. A context that joined a trace says the same trace and span.
  static let traceparent = Property("traceparent") { bytes in
    var context = Context()
    let header = String(decoding: bytes, as: UTF8.self)
    guard context.join(traceparent: header) else {
      precondition(context.traceparent == nil, "a header that was not understood left something")
      return
    }
    var again = Context()
    precondition(again.join(traceparent: context.traceparent ?? "") && again == context, "another trace")
  }

  /// The input is a date, of HTTP or of an event. What is read is written and read again as the same.
  static let dates = Property("dates") { bytes in
    _ = Timestamp(httpDate: String(decoding: bytes, as: UTF8.self))
    guard let time = bytes.withUnsafeBytes({ Timestamp(rfc3339: $0) }) else { return }
    var writer = ByteWriter()
    writer.append(rfc3339: time)
    precondition(Timestamp(rfc3339: writer.raw) == time, "another moment: \(writer.string)")
  }

  /// The input is the header that limits a call.
  static let budget = Property("budget") { bytes in
    guard let budget = try? Budget(list: String(decoding: bytes, as: UTF8.self)) else { return }
    precondition((budget.tokens ?? 0) >= 0 && (budget.cost ?? 0) >= 0, "a limit below nothing")
    precondition(
      (budget.seconds ?? .zero) >= .zero && (budget.stall ?? .zero) >= .zero, "a time below nothing")
  }
}

private let upstreams = ["openai", "anthropic", "local-1"].map { name in
  // The names and the URL are right.
  try! GatewayUpstream(name: name, url: "http://127.0.0.1:1/v1")
}

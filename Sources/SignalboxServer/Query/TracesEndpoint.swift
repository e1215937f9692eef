internal import JSONScan
internal import Net
internal import SignalboxLog
internal import Wire

/// What a page of traces is asked for with.
struct TracesRequest {
  var session: String?
  /// `running`, `ok`, `error` or `lost`.
  var status: SpanStatus?
  /// Only traces that began before this position: how one pages, since the newest come first.
  var before: Position?
  /// Most traces of the page; 50, at most 1000.
  var limit = 50

  init(parameters: [(name: String, value: String)]) throws(QueryError) {
    for (name, value) in parameters {
      switch name {
      case "session": session = value
      case "status":
        guard let status = SpanStatus.named(value) else {
          throw QueryError(
            field: "status", message: "'\(value)' is no status", hint: "running, ok, error or lost")
        }
        self.status = status
      case "before", "after":
        guard let position = Position(value) else {
          throw QueryError(
            field: name, message: "'\(value)' is not a position", hint: "Send the `next` of the page before")
        }
        before = position
      case "limit":
        guard let number = Int(value), 1...1000 ~= number else {
          throw QueryError(
            field: name, message: "'\(value)' is not a number from 1 to 1000", hint: "limit=50")
        }
        limit = number
      case "key", "token": break
      default:
        throw QueryError(
          field: name, message: "There is no such parameter", hint: "session, status, before, limit")
      }
    }
  }
}

/// `GET /v1/traces`: the newest first, and `GET /v1/traces/{id}`: one as a tree.
final class TracesEndpoint {
  private let log: EventLog
  private let readers: ReaderPool

  init(log: EventLog, readers: ReaderPool) {
    self.log = log
    self.readers = readers
  }

  /// Lists the traces that a visitor may see; fails where it names a session that it may not.
  func list(_ exchange: HTTPExchange, _ visitor: Visitor) throws(APIError) {
    let request: TracesRequest
    do throws(QueryError) { request = try TracesRequest(parameters: exchange.head.query.items) } catch {
      return exchange.respond(APIError(error))
    }
    var named = EventFilter()
    named.session = request.session
    _ = try visitor.grant.narrow(named)
    read(exchange) { reader, log in try Self.list(request, visitor.grant, reader, log) }
  }

  /// Shows what a visitor may see of a trace; `refused` hears where that is nothing.
  func show(_ id: String, _ exchange: HTTPExchange, _ visitor: Visitor, refused: @escaping (APIError) -> Void)
  {
    read(exchange, refused: refused) { reader, log in try Self.show(id, visitor.grant, reader, log) }
  }

  /// Runs on a reader's thread, answers on the loop.
  private func read(
    _ exchange: HTTPExchange, refused: ((APIError) -> Void)? = nil,
    _ body: @escaping @Sendable (LogReader, EventLog) throws -> Result<SharedBytes, APIError>
  ) {
    let log = log
    // The closure is the loop's own: it travels through the reader's thread, and runs on the loop only.
    nonisolated(unsafe) let refused = refused
    let accepted = readers.submit { reader in
      let answer: Result<SharedBytes, APIError>
      do { answer = try body(reader, log) } catch { answer = .failure(.unreadable(error)) }
      exchange.loop.execute {
        switch answer {
        case .success(let json):
          exchange.respond(200, headers: [("Content-Type", "application/json")], body: json)
        case .failure(let error):
          if error.status == 403, let refused { refused(error) } else { exchange.respond(error) }
        }
      }
    }
    if !accepted { exchange.respond(APIError.busy) }
  }

  // MARK: List

  private static func list(
    _ request: TracesRequest, _ grant: Grant, _ reader: LogReader, _ log: EventLog
  ) throws -> Result<SharedBytes, APIError> {
    var filter = TraceFilter()
    filter.session = request.session
    filter.status = request.status
    let traces = try reader.traces(
      filter, before: request.before?.offset ?? .max, limit: request.limit, seenBy: grant)
    var writer = ByteWriter(capacity: 512 * traces.count + 64)
    writer.append("{\"traces\":[")
    for (place, trace) in traces.enumerated() {
      if place > 0 { writer.append(",") }
      writer.append(trace, root: grant.content ? trace.root : trace.root.withoutContent)
    }
    writer.append("],\"next\":")
    if traces.count == request.limit, let last = traces.last {
      writer.append("\"")
      writer.append(log.position(of: last.firstOffset))
      writer.append("\"")
    } else {
      writer.append("null")
    }
    writer.append("}")
    return .success(SharedBytes(taking: writer))
  }

  // MARK: One

  private static func show(
    _ id: String, _ grant: Grant, _ reader: LogReader, _ log: EventLog
  ) throws -> Result<SharedBytes, APIError> {
    let rows = try reader.spans(trace: id).filter { grant.sees($0) }
    if rows.isEmpty, !grant.isEverywhere || !grant.types.isEmpty {
      // Whether there is such a trace is not for everybody to know.
      return .failure(
        APIError(
          403, "not_yours", "This token does not give access to the trace \(id.prefix(64))", field: "trace",
          hint: "Ask for a token that names it, or its session"))
    }
    guard !rows.isEmpty, let summary = try reader.trace(id).map({ $0.seen(as: rows, by: grant) }) else {
      return .failure(
        APIError(
          404, "not_found", "There is no trace \(id)",
          hint: "List them with GET /v1/traces; old ones may be trimmed"))
    }
    var tree = TraceTree(spans: grant.content ? rows : rows.map(\.withoutContent))
    let parser = JSONParser()
    var filter = EventFilter()
    filter.trace = id
    filter = try grant.narrow(filter)
    var from = rows.map(\.firstOffset).min() ?? 0
    let upTo = log.tip
    // Texts are all that events add to the spans.
    while grant.content, from < upTo {
      let page = try reader.events(after: from - 1, upTo: upTo, filter: filter, limit: 10_000, bytes: 8 << 20)
      tree.add(page.batch, parser: parser)
      from = page.scannedTo + 1
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append("{\"trace\":")
    writer.append(summary, root: grant.content ? summary.root : summary.root.withoutContent)
    writer.append(",\"spans\":")
    tree.write(to: &writer) { log.position(of: $0) }
    writer.append("}")
    return .success(SharedBytes(taking: writer))
  }
}

extension SpanStatus {
  static func named(_ name: String) -> SpanStatus? {
    [SpanStatus.running, .ok, .error, .lost].first { "\($0.name)" == name }
  }
}

extension ByteWriter {
  /// Writes a trace as a list shows it.
  fileprivate mutating func append(_ trace: TraceSummary, root: SpanRow) {
    append("{\"trace\":")
    append(jsonString: trace.trace)
    appendMember("session", root.session)
    appendMember("chain", root.chain)
    appendMember("name", root.name ?? root.type)
    appendMember("kind", root.kind)
    append(",\"status\":\"")
    append(trace.status.name)
    append("\"")
    appendMember("reason", root.reason)
    appendMember("message", root.message)
    appendMember("provider", root.provider)
    appendMember("model", root.model)
    append(",\"started\":\"")
    append(rfc3339: Timestamp(nanoseconds: trace.started))
    append("\"")
    if let ended = trace.ended {
      append(",\"ended\":\"")
      append(rfc3339: Timestamp(nanoseconds: ended))
      append("\",\"duration_ms\":")
      append(json: Double(ended - trace.started) / 1e6)
    }
    append(",\"spans\":")
    append(decimal: trace.spans)
    append(",\"running\":")
    append(decimal: trace.running)
    append(",\"errors\":")
    append(decimal: trace.errors)
    append(",\"deltas\":")
    append(decimal: trace.deltas)
    if let tokens = trace.tokens {
      append(",\"usage\":{\"total\":")
      append(decimal: tokens)
      append("}")
    }
    append("}")
  }
}

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
      case "key": break
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

  func list(_ exchange: HTTPExchange) {
    let request: TracesRequest
    do throws(QueryError) { request = try TracesRequest(parameters: exchange.head.query.items) } catch {
      return exchange.respond(APIError(error))
    }
    read(exchange) { reader, log in try Self.list(request, reader, log) }
  }

  func show(_ id: String, _ exchange: HTTPExchange) {
    read(exchange) { reader, log in try Self.show(id, reader, log) }
  }

  /// Runs on a reader's thread, answers on the loop.
  private func read(
    _ exchange: HTTPExchange,
    _ body: @escaping @Sendable (LogReader, EventLog) throws -> Result<SharedBytes, APIError>
  ) {
    let log = log
    let accepted = readers.submit { reader in
      let answer: Result<SharedBytes, APIError>
      do { answer = try body(reader, log) } catch { answer = .failure(.unreadable(error)) }
      exchange.loop.execute {
        switch answer {
        case .success(let json):
          exchange.respond(200, headers: [("Content-Type", "application/json")], body: json)
        case .failure(let error): exchange.respond(error)
        }
      }
    }
    if !accepted { exchange.respond(APIError.busy) }
  }

  // MARK: List

  private static func list(
    _ request: TracesRequest, _ reader: LogReader, _ log: EventLog
  ) throws -> Result<SharedBytes, APIError> {
    var filter = TraceFilter()
    filter.session = request.session
    filter.status = request.status
    let traces = try reader.traces(filter, before: request.before?.offset ?? .max, limit: request.limit)
    var writer = ByteWriter(capacity: 512 * traces.count + 64)
    writer.append("{\"traces\":[")
    for (place, trace) in traces.enumerated() {
      if place > 0 { writer.append(",") }
      writer.append(trace)
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
    _ id: String, _ reader: LogReader, _ log: EventLog
  ) throws -> Result<SharedBytes, APIError> {
    let rows = try reader.spans(trace: id)
    guard !rows.isEmpty, let summary = try reader.trace(id) else {
      return .failure(
        APIError(
          404, "not_found", "There is no trace \(id)",
          hint: "List them with GET /v1/traces; old ones may be trimmed"))
    }
    var tree = TraceTree(spans: rows)
    let parser = JSONParser()
    var filter = EventFilter()
    filter.trace = id
    var from = rows.map(\.firstOffset).min() ?? 0
    let upTo = log.tip
    while from < upTo {
      let page = try reader.events(after: from - 1, upTo: upTo, filter: filter, limit: 10_000, bytes: 8 << 20)
      tree.add(page.batch, parser: parser)
      from = page.scannedTo + 1
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append("{\"trace\":")
    writer.append(summary)
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
  fileprivate mutating func append(_ trace: TraceSummary) {
    append("{\"trace\":")
    append(jsonString: trace.trace)
    appendMember("session", trace.root.session)
    appendMember("chain", trace.root.chain)
    appendMember("name", trace.root.name ?? trace.root.type)
    appendMember("kind", trace.root.kind)
    append(",\"status\":\"")
    append(trace.status.name)
    append("\"")
    appendMember("reason", trace.root.reason)
    appendMember("message", trace.root.message)
    appendMember("provider", trace.root.provider)
    appendMember("model", trace.root.model)
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

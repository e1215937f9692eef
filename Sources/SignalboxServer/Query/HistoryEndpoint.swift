internal import Net
internal import SignalboxLog
internal import Wire

/// What a page of history is asked for with.
struct HistoryRequest {
  var filter = EventFilter()
  var after: Position?
  /// Most events of the page; 100, at most 10 000.
  var limit = 100
  /// The last events instead of the first.
  var newest = false
  /// What of an event is shown. Not part of the query.
  var view = EventView.full

  init(parameters: [(name: String, value: String)]) throws(QueryError) {
    for (name, value) in parameters {
      if try filter.take(name, value) { continue }
      switch name {
      case "after":
        guard let position = Position(value) else {
          throw QueryError(
            field: "after", message: "'\(value)' is not a position",
            hint: "Send the `next` of the page before")
        }
        after = position
      case "limit", "last":
        guard let number = Int(value), 1...10_000 ~= number else {
          throw QueryError(
            field: name, message: "'\(value)' is not a number from 1 to 10000", hint: "\(name)=100")
        }
        limit = number
        newest = name == "last"
      case "key", "token": break
      default:
        throw QueryError(
          field: name, message: "There is no such parameter",
          hint: "type, session, trace, span, chain, request, provider, model, tag, after, limit, last")
      }
    }
    if newest, after != nil {
      throw QueryError(field: "last", message: "It goes without after", hint: "Send one of the two")
    }
  }
}

/// `GET /v1/events`: what happened, in order, a page at a time.
final class HistoryEndpoint {
  private let log: EventLog
  private let readers: ReaderPool
  /// Bytes of events on a page.
  private static let pageBytes = 8 << 20

  init(log: EventLog, readers: ReaderPool) {
    self.log = log
    self.readers = readers
  }

  /// Serves what a visitor asks for, as far as it may be seen; fails where it names what may not.
  func serve(_ exchange: HTTPExchange, _ visitor: Visitor) throws(APIError) {
    do throws(APIError) {
      let request = try Self.parse(exchange.head, visitor)
      let from = try start(of: request)
      let log = log
      let loop = exchange.loop
      let upTo = log.tip
      let accepted = readers.submit { reader in
        let answer = Self.page(request, from: from, upTo: upTo, reader, log)
        loop.execute {
          switch answer {
          case .success(let body):
            exchange.respond(200, headers: [("Content-Type", "application/json")], body: body)
          case .failure(let error): exchange.respond(error)
          }
        }
      }
      if !accepted { throw .busy }
    } catch {
      // Who is not to see it is for the gatekeeper to tell.
      if error.status == 403 { throw error }
      exchange.respond(error)
    }
  }

  private static func parse(
    _ head: HTTPRequestHead, _ visitor: Visitor
  ) throws(APIError) -> HistoryRequest {
    var request: HistoryRequest
    do { request = try HistoryRequest(parameters: head.query.items) } catch { throw APIError(error) }
    request.filter = try visitor.grant.narrow(request.filter)
    request.view = visitor.view
    return request
  }

  private func start(of request: HistoryRequest) throws(APIError) -> UInt64 {
    guard let position = request.after else { return log.firstRetained }
    switch log.validate(position) {
    case .valid(let offset): return offset + 1
    case .unknownEpoch, .ahead:
      throw APIError(
        410, "position_gone", "The position \(position) is not of this log", field: "after",
        hint: "Start anew without after")
    case .trimmed:
      throw APIError(
        410, "position_gone", "What came after \(position) is no longer kept", field: "after",
        hint: "Start anew without after")
    }
  }

  private static func page(
    _ request: HistoryRequest, from: UInt64, upTo: UInt64, _ reader: LogReader, _ log: EventLog
  ) -> Result<SharedBytes, APIError> {
    do {
      let page =
        request.newest
        ? try reader.lastEvents(filter: request.filter, limit: request.limit)
        : try reader.events(
          after: from - 1, upTo: upTo, filter: request.filter, limit: request.limit, bytes: pageBytes)
      var writer = ByteWriter(capacity: page.batch.bytes.count + page.batch.count * 48 + 64)
      writer.append("{\"events\":[")
      for (place, slot) in page.batch.slots.enumerated() {
        if place > 0 { writer.append(UInt8(ascii: ",")) }
        let offset = page.offsets[place]
        writer.append(
          slot, of: page.batch.bytes.raw, at: log.position(of: offset), as: .list, view: request.view)
      }
      writer.append("],\"next\":")
      if !request.newest, page.scannedTo + 1 < upTo {
        writer.append("\"")
        writer.append(log.position(of: page.scannedTo))
        writer.append("\"")
      } else {
        writer.append("null")
      }
      writer.append(page.gaps, log)
      writer.append("}")
      return .success(SharedBytes(taking: writer))
    } catch {
      return .failure(.unreadable(error))
    }
  }
}

extension ByteWriter {
  /// Writes the stretches of a page that were stored and cannot be given; nothing when there are none.
  fileprivate mutating func append(_ gaps: [LogPage.Gap], _ log: EventLog) {
    guard !gaps.isEmpty else { return }
    append(",\"gaps\":[")
    for (place, gap) in gaps.enumerated() {
      if place > 0 { append(",") }
      append("{")
      append(range: gap, log)
      append("}")
    }
    append("]")
  }
}

extension APIError {
  /// Too many requests wait for a reader.
  static var busy: APIError {
    APIError(503, "overloaded", "Too many requests are waiting to read the log", retryAfter: 1)
  }

  static func unreadable(_ error: any Error) -> APIError {
    APIError(
      500, "log_unreadable", "The log could not be read: \(error)", hint: "signalbox doctor checks the disk")
  }
}

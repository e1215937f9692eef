internal import JSONScan
internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// `POST /v1/events`: events in, and the answer after they are stored.
///
/// `@unchecked Sendable`: it belongs to its loop; completions come back there through `loop.execute`.
final class IngestEndpoint: @unchecked Sendable {
  let decoder: EventDecoder
  private let limits: IngestLimits
  let log: EventLog
  let turns: IngestTurns
  private let cancels: CancelBoard
  private(set) var metrics = IngestMetrics()

  func note(received: Int, rejected: Int) {
    metrics.received += UInt64(received)
    metrics.rejected += UInt64(rejected)
  }

  /// Counts what became of a batch.
  func note(_ result: SubmitResult, of batch: EventBatch) { metrics.add(result, of: batch) }

  init(log: EventLog, limits: IngestLimits, loop: EventLoop, cancels: CancelBoard) {
    self.cancels = cancels
    turns = IngestTurns(loop: loop)
    self.log = log
    self.limits = limits
    decoder = EventDecoder(limits: limits)
  }

  /// The traces that whoever sent these events is to cancel.
  func cancelled(for batch: EventBatch) -> [String] {
    cancels.traces(for: batch, at: SystemTime.monotonic)
  }

  /// The same for a producer that sends nothing, and only asks.
  private func cancelled(for head: HTTPRequestHead) -> [String] {
    guard let producer = head.value("x-signalbox-producer") else { return [] }
    return cancels.traces(forProducer: producer, at: SystemTime.monotonic)
  }

  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) {
    do throws(APIError) {
      let decoded = try decode(exchange.head, body)
      store(decoded, exchange)
    } catch {
      metrics.refusedRequests += 1
      exchange.respond(error)
    }
  }

  private func decode(_ head: HTTPRequestHead, _ body: UnsafeRawBufferPointer) throws(APIError) -> Decoded {
    guard body.count > 0 else {
      throw APIError(
        400, "empty_body", "The body is empty",
        hint: "curl -d '{\"type\":\"hello\"}' http://127.0.0.1:7446/v1/events")
    }
    let lines =
      head.withValue("content-type") { $0.contains(ascii: "ndjson") || $0.contains(ascii: "jsonl") } ?? false
    let received = Timestamp.now()
    do throws(IngestError) {
      guard head.field("content-encoding") != nil else {
        return try decoder.decode(padded: body, received: received, lines: lines)
      }
      switch head.value("content-encoding")?.lowercased() ?? "" {
      case "identity": return try decoder.decode(padded: body, received: received, lines: lines)
      case "gzip", "x-gzip":
        let text = try inflate(body)
        return try decoder.decode(padded: text.raw, received: received, lines: lines)
      case let encoding:
        throw IngestError(
          status: 415, code: "unsupported_encoding",
          message: "Content-Encoding \(encoding) is not understood",
          hint: "Send gzip, or no encoding")
      }
    } catch {
      throw APIError(error)
    }
  }

  private func inflate(_ body: UnsafeRawBufferPointer) throws(IngestError) -> ByteWriter {
    do throws(Inflater.Failure) {
      return try Inflater.inflate(gzip: body, limit: limits.inflatedBytes, padding: JSONParser.padding)
    } catch {
      switch error {
      case .tooLarge:
        throw IngestError(
          status: 413, code: "too_large",
          message: "The body inflates to more than \(limits.inflatedBytes) bytes",
          hint: "Send smaller batches")
      case .damaged:
        throw IngestError(
          status: 400, code: "invalid_gzip", message: "The body is not gzip, though Content-Encoding says so",
          hint: "Compress the body, or leave the header out")
      }
    }
  }

  private func store(_ decoded: Decoded, _ exchange: HTTPExchange) {
    note(received: decoded.batch.count + decoded.rejected, rejected: decoded.rejected)
    guard decoded.batch.count > 0 else {
      let cancelled = cancelled(for: exchange.head)
      return exchange.respond(json: decoded.rejected > 0 ? 422 : 200) {
        $0.append(ingest: decoded, stored: 0, duplicate: 0, position: nil, cancel: cancelled)
      }
    }
    let loop = exchange.loop
    let admission = log.submit(decoded.batch) { [self] result in
      // The server wakes the loop when all who wait for the commit have been told.
      loop.enqueue { [self] in
        note(result, of: decoded.batch)
        answer(exchange, decoded, result)
      }
    }
    if let refusal = APIError(admission) {
      metrics.refusedEvents += UInt64(decoded.batch.count)
      exchange.respond(refusal)
    }
  }

  private func answer(_ exchange: HTTPExchange, _ decoded: Decoded, _ result: SubmitResult) {
    if let failure = result.failure { return exchange.respond(APIError(failure)) }
    let cancelled = cancelled(for: decoded.batch)
    exchange.respond(json: 200) {
      $0.append(
        ingest: decoded, stored: result.stored, duplicate: result.duplicates, position: result.position,
        cancel: cancelled)
    }
  }
}

/// The ledger of one loop's ingest: received = stored + duplicate + rejected + refused, once all is committed.
package struct IngestMetrics: Sendable {
  package var received: UInt64 = 0
  package var stored: UInt64 = 0
  package var duplicate: UInt64 = 0
  package var rejected: UInt64 = 0
  /// Events that the log did not take; their sender was told to come back.
  package var refusedEvents: UInt64 = 0
  /// Requests that were refused as a whole.
  package var refusedRequests: UInt64 = 0

  package init() {}

  /// Counts what became of a batch.
  mutating func add(_ result: SubmitResult, of batch: EventBatch) {
    stored += UInt64(result.stored)
    duplicate += UInt64(result.duplicates)
    if result.failure != nil { refusedEvents += UInt64(batch.count) }
  }

  package static func + (a: IngestMetrics, b: IngestMetrics) -> IngestMetrics {
    var sum = a
    sum.received += b.received
    sum.stored += b.stored
    sum.duplicate += b.duplicate
    sum.rejected += b.rejected
    sum.refusedEvents += b.refusedEvents
    sum.refusedRequests += b.refusedRequests
    return sum
  }
}

extension ByteWriter {
  /// Writes the answer to an ingest request.
  mutating func append(
    ingest decoded: Decoded, stored: Int, duplicate: Int, position: Position?,
    cancel: [String]
  ) {
    append("{\"stored\":")
    append(decimal: stored)
    append(",\"duplicate\":")
    append(decimal: duplicate)
    append(",\"rejected\":[")
    for (place, rejection) in decoded.rejections.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append(rejection)
    }
    append("]")
    if decoded.rejected > decoded.rejections.count {
      append(",\"rejected_total\":")
      append(decimal: decoded.rejected)
    }
    if let position {
      append(",\"position\":\"")
      append(position)
      append("\"")
    }
    append(cancel: cancel)
    append("}")
  }

  mutating func append(_ rejection: Rejection) {
    append("{\"index\":")
    append(decimal: rejection.index)
    append(",\"field\":")
    append(jsonString: rejection.field)
    append(",\"error\":")
    append(jsonString: rejection.message)
    append("}")
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the text, in any case, is somewhere in these bytes.
  func contains(ascii text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard count >= length else { return false }
    return (0...count - length).contains { start in
      (0..<length).allSatisfy { self[start + $0] | 0x20 == text.utf8Start[$0] }
    }
  }
}

extension IngestEndpoint {
  /// `GET /v1/ingest`.
  func openSocket(_ exchange: HTTPExchange) {
    guard exchange.head.wantsUpgrade else {
      return exchange.respond(
        APIError(
          426, "upgrade_required", "This is a WebSocket that takes an event a frame",
          hint: "Connect with ws://, or send events with POST /v1/events"))
    }
    let socket = IngestSocket(endpoint: self, loop: exchange.loop)
    socket.connection = exchange.upgrade(socket, maxMessage: limits.eventBytes)
  }
}

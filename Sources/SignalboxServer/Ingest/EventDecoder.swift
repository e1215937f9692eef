internal import JSONScan
package import Wire

/// The bounds of what may come in.
package struct IngestLimits: Sendable {
  /// Largest event, in bytes; 1 MiB.
  package var eventBytes = 1 << 20
  /// Largest request body as sent, in bytes; 16 MiB.
  package var bodyBytes = 16 << 20
  /// Largest request body after it was inflated, in bytes; 64 MiB.
  package var inflatedBytes = 64 << 20
  /// Most events in a request; 100 000.
  package var events = 100_000
  /// How many rejections are described; the rest is counted.
  package var describedRejections = 100

  package init() {}
}

/// Turns what producers send into events in their stored form.
///
/// Confined to one thread at a time: the parser and the id generator are reused.
package final class EventDecoder {
  private let limits: IngestLimits
  private let parser = JSONParser()
  private var ids = UUIDv7Generator()
  private var compact = ByteWriter(capacity: 0)

  package init(limits: IngestLimits = IngestLimits()) { self.limits = limits }

  /// Decodes one object, an array of objects, or NDJSON (`lines`, or found out by itself).
  ///
  /// - Parameters:
  ///   - body: the text; `JSONParser.padding` readable bytes must follow it.
  ///   - received: the moment it came in.
  package func decode(
    padded body: UnsafeRawBufferPointer, received: Timestamp, lines: Bool = false
  ) throws(IngestError) -> Decoded {
    var run = IngestRun(capacity: body.count, received: received)
    try decode(padded: body, lines: lines, into: &run)
    return run.finish()
  }

  /// The same, into a run that gathers several texts.
  package func decode(
    padded body: UnsafeRawBufferPointer, lines: Bool = false, into run: inout IngestRun
  ) throws(IngestError) {
    guard !lines else { return try decodeLines(body, into: &run) }
    let text = compacted(body)
    let document: JSONDocument
    do { document = try parser.scan(padded: text) } catch {
      guard body.first == UInt8(ascii: "{"), body.contains(UInt8(ascii: "\n")) else {
        throw IngestError(
          status: 400, code: "invalid_json", message: "The body is not JSON: \(error.message)",
          hint: "Send one object, an array of objects, or one object a line (application/x-ndjson)")
      }
      return try decodeLines(body, into: &run)
    }
    switch document.root.kind {
    case .object: add(document.root, to: &run)
    case .array:
      var failure: IngestError?
      document.root.forEachElement { element in
        guard failure == nil else { return }
        if run.items >= limits.events { failure = tooMany() } else { add(element, to: &run) }
      }
      if let failure { throw failure }
    default:
      throw IngestError(
        status: 400, code: "invalid_json", message: "The body is JSON, but neither an object nor an array",
        hint: "Send {\"type\": \"my.event\"} or an array of such objects")
    }
  }

  private func decodeLines(_ body: UnsafeRawBufferPointer, into run: inout IngestRun) throws(IngestError) {
    var start = 0
    while start < body.count {
      var end = start
      while end < body.count, body[end] != 0x0A { end += 1 }
      let line = UnsafeRawBufferPointer(rebasing: body[start..<end])
      start = end + 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
      guard run.items < limits.events else { throw tooMany() }
      do {
        add(try parser.scan(padded: compacted(line)).root, to: &run)
      } catch {
        run.reject(field: "", "The line is not JSON: \(error.message)", limit: limits.describedRejections)
      }
    }
  }

  private func tooMany() -> IngestError {
    IngestError(
      status: 413, code: "too_many_events", message: "More than \(limits.events) events in one request",
      hint: "Send smaller batches; 500 events each is a good size")
  }

  /// The text without line breaks and other control characters between its values, so that what is kept
  /// verbatim fits into a line of SSE or NDJSON.
  private func compacted(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard text.containsControl else { return text }
    compact.truncate(to: 0)
    compact.reserve(text.count + JSONParser.padding)
    JSONParser.minify(text, into: &compact)
    return compact.raw
  }

  private func add(_ item: JSONValueView, to run: inout IngestRun) {
    guard item.kind == .object else {
      return run.reject(field: "", "An event is a JSON object", limit: limits.describedRejections)
    }
    guard item.json.count <= limits.eventBytes else {
      return run.reject(
        field: "", "The event has \(item.json.count) bytes, more than \(limits.eventBytes)",
        limit: limits.describedRejections)
    }
    var envelope = Envelope(of: item.document)
    if let problem = envelope.read(item) {
      return run.reject(field: problem.field, problem.message, limit: limits.describedRejections)
    }
    envelope.write(to: &run.builder, received: run.received, ids: &ids)
    run.items += 1
  }
}

/// Events gathered from one request, or from the frames of one turn of the loop.
package struct IngestRun: ~Copyable {
  fileprivate var builder: EventBatchBuilder
  fileprivate let received: Timestamp
  package private(set) var rejections: [Rejection] = []
  package private(set) var rejected = 0
  /// Items seen so far, the rejected ones included.
  package fileprivate(set) var items = 0

  /// - Parameter capacity: bytes of text that are expected.
  package init(capacity: Int, received: Timestamp) {
    builder = EventBatchBuilder(capacity: capacity + capacity / 2 + 256, events: max(1, capacity / 256))
    self.received = received
  }

  /// Valid events so far.
  package var count: Int { builder.count }
  package var byteCount: Int { builder.byteCount }

  fileprivate mutating func reject(field: String, _ message: String, limit: Int) {
    if rejections.count < limit {
      rejections.append(Rejection(index: items, field: field, message: message))
    }
    rejected += 1
    items += 1
  }

  package consuming func finish() -> Decoded {
    Decoded(batch: builder.finish(), rejections: rejections, rejected: rejected)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether a byte below 0x20 is among these: eight at a time, by the borrow that subtracting 0x20 from such a
  /// byte leaves in its highest bit (Anderson, "Bit Twiddling Hacks", hasless).
  fileprivate var containsControl: Bool {
    var at = 0
    while at + 8 <= count {
      let word = loadUnaligned(fromByteOffset: at, as: UInt64.self)
      if (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080 != 0 { return true }
      at += 8
    }
    while at < count {
      if self[at] < 0x20 { return true }
      at += 1
    }
    return false
  }
}

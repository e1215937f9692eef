internal import JSONScan
package import Wire

/// Turns a copy of one chat completion's bytes into the events of a span: `llm.start`, `llm.delta` with a gapless
/// index, `llm.usage`, and exactly one `llm.end` or `llm.error`.
///
/// No I/O: it is told what happened and when, and writes events into a builder. Confined to the thread of its
/// `CallTools`. Nothing that it is fed can make it fail; what it cannot read it counts and says.
package final class CallDecoder {
  package struct Limits: Sendable {
    /// Most bytes of one event of a stream. Default 1 MiB.
    package var event = 1 << 20
    /// Most bytes of a reply that is not a stream. Default 16 MiB.
    package var reply = 16 << 20
    /// Most bytes that a compressed reply may inflate to. Default 64 MiB.
    package var inflated = 64 << 20

    package init() {}
  }

  /// What could not be read.
  package struct Counts: Equatable, Sendable {
    /// Requests and payloads that are not JSON, or not what they should be.
    package var malformed = 0
    /// Requests, replies and events over a limit.
    package var tooLarge = 0
    /// Replies in an encoding that is not read here, or a broken one.
    package var unreadable = 0

    package var total: Int { malformed + tooLarge + unreadable }
  }

  private enum Form {
    case undecided, stream, reply
    /// The bytes say nothing to us; why.
    case unread(StaticString)
  }

  /// Adjacent deltas of one read become one event. Default true.
  package var mergesDeltas = true
  package private(set) var counts = Counts()
  /// The last event of the span was written.
  package private(set) var isOver = false
  package private(set) var request = CallRequest()

  private let tools: CallTools
  private let limits: Limits
  private var context: CallContext
  private var started = Moment(wall: Timestamp(nanoseconds: 0), steady: 0)
  private var status = 0
  private var retryAfter: Double?
  private var content = ContentDecoder(encoding: nil)
  private var form = Form.undecided
  private var events: SSEDecoder
  /// A reply that is no stream, until it is complete.
  private var reply = ByteWriter(capacity: 0)
  private var reader = ChatReader()
  private var chunk = ChatChunk()
  private var output = CallOutput()
  private var merger = DeltaMerger()
  private var callerLeft = false

  package init(context: CallContext, tools: CallTools, limits: Limits = Limits()) {
    self.context = context
    self.tools = tools
    self.limits = limits
    events = SSEDecoder(limit: limits.event)
  }

  // MARK: What happened

  /// The request was sent. `body` has `JSONParser.padding` readable bytes behind it; nil: it is too large to be
  /// read.
  package func start(
    endpoint: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer?, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    started = moment
    var data = ByteWriter(capacity: 512 + min(body?.count ?? 0, CallRequest.inputLimit))
    if let body {
      do throws(JSONError) {
        let root = try tools.parser.scan(padded: body).root
        request.read(root, endpoint: endpoint, call: &context, to: &data)
      } catch {
        counts.malformed += 1
        CallRequest.unread(endpoint: endpoint, why: "the request is not JSON", to: &data)
      }
    } else {
      counts.tooLarge += 1
      CallRequest.unread(endpoint: endpoint, why: "the request is empty or too large", to: &data)
    }
    builder.begin("llm.start", .start, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { $0.append(data.raw) }
  }

  /// The head of the response came. `retryAfter` is in milliseconds.
  package func respond(status: Int, contentEncoding: UnsafeRawBufferPointer?, retryAfter: Double? = nil) {
    self.status = status
    self.retryAfter = retryAfter
    content = ContentDecoder(encoding: contentEncoding, limit: limits.inflated)
  }

  /// A piece of the body came.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    guard !isOver else { return }
    if case .unread = form { return }
    do throws(ContentDecoder.Failure) {
      try content.decode(bytes) { read($0, at: moment, into: &builder) }
    } catch {
      give(up: error)
    }
    flush(at: moment, into: &builder)
  }

  /// The body ended as its framing says.
  package func finish(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !isOver else { return }
    guard isSuccess else { return close(reading: readFailure(), at: moment, into: &builder) }
    takeRest(at: moment, into: &builder)
    guard !isOver else { return }
    switch form {
    case .unread: end(at: moment, into: &builder)
    case .reply: finishReply(at: moment, into: &builder)
    case .stream where output.isFinished: end(at: moment, into: &builder)
    case .stream, .undecided:
      fail(
        CallFailure(.incomplete, "The stream ended without its end", code: "incomplete", status: status),
        at: moment, into: &builder)
    }
  }

  /// The transfer broke, or never came about.
  package func fail(_ failure: CallFailure, at moment: Moment, into builder: inout EventBatchBuilder) {
    close(reading: failure, at: moment, into: &builder)
  }

  /// Nobody waits for the reply any more; what still comes is read on for its usage.
  package func cancel() {
    guard !isOver, !output.isFinished else { return }
    callerLeft = true
  }

  // MARK: Reading

  private var isSuccess: Bool { 200..<300 ~= status }

  /// A body is a stream unless it begins as a JSON text does, whatever its type says: servers send errors as bare
  /// JSON in place of a stream.
  private func read(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    if case .undecided = form, let first = bytes.first(where: { !Self.isSpace($0) }) {
      form = isSuccess && first != UInt8(ascii: "{") && first != UInt8(ascii: "[") ? .stream : .reply
    }
    switch form {
    case .stream:
      do throws(SSEError) {
        try events.feed(bytes) { take($0, at: moment, into: &builder) }
      } catch {
        give(up: .tooLarge)
      }
    case .reply:
      guard reply.count + bytes.count <= limits.reply else { return give(up: .tooLarge) }
      reply.append(bytes)
    case .undecided, .unread: break
    }
  }

  /// The last event of a stream, where its empty line was left out.
  private func takeRest(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard case .stream = form else { return }
    do throws(SSEError) {
      try events.finish(dispatchesRest: true) { take($0, at: moment, into: &builder) }
    } catch {
      give(up: .tooLarge)
    }
    flush(at: moment, into: &builder)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private func give(up failure: ContentDecoder.Failure) {
    switch failure {
    case .unknownEncoding:
      counts.unreadable += 1
      form = .unread("the content encoding is not read here")
    case .corrupt:
      counts.unreadable += 1
      form = .unread("the compressed reply is broken")
    case .tooLarge:
      counts.tooLarge += 1
      form = .unread("the reply or a part of it is too large")
    }
    reply = ByteWriter(capacity: 0)
  }

  /// One event of a stream.
  private func take(_ event: SSEEvent, at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !isOver else { return }
    if event.data.elementsEqual("[DONE]") {
      flush(at: moment, into: &builder)
      guard output.hasChoices else {
        return fail(
          CallFailure(
            .incomplete, "The stream ended without an answer", code: "empty_stream", status: status),
          at: moment, into: &builder)
      }
      return end(at: moment, into: &builder)
    }
    do throws(JSONError) {
      let root = try tools.parser.scan(padded: event.data).root
      reader.read(root, into: &chunk)
      if event.type.elementsEqual("error"), chunk.failure == nil { chunk.failure = ChatChunk.Failure(root) }
      takeChunk(root, event: event.type, at: moment, into: &builder)
    } catch {
      counts.malformed += 1
    }
  }

  /// What the reader found, while the payload is still there.
  private func takeChunk(
    _ root: JSONValueView, event: UnsafeRawBufferPointer, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    output.take(chunk)
    if context.model.isEmpty, let model = root["model"]?.label { context.model = model }
    for piece in chunk.pieces { take(piece, at: moment, into: &builder) }
    if let failure = chunk.failure {
      flush(at: moment, into: &builder)
      fail(
        CallFailure(failure, status: nil, fallback: "The provider reported an error"), at: moment,
        into: &builder)
    } else if chunk.isOpaque {
      flush(at: moment, into: &builder)
      appendOpaque(root, event: event, at: moment, into: &builder)
    }
  }

  private func finishReply(at moment: Moment, into builder: inout EventBatchBuilder) {
    do throws(JSONError) {
      let root = try tools.parser.scan(copying: reply.raw).root
      reader.read(root, into: &chunk)
      takeChunk(root, event: UnsafeRawBufferPointer(start: nil, count: 0), at: moment, into: &builder)
      flush(at: moment, into: &builder)
    } catch {
      counts.malformed += 1
    }
    guard !isOver else { return }
    guard output.hasChoices else {
      return fail(
        CallFailure(.failed, "The reply is not a chat completion", code: "bad_reply", status: status),
        at: moment, into: &builder)
    }
    end(at: moment, into: &builder)
  }

  /// Why the provider refused.
  private func readFailure() -> CallFailure {
    var failure = CallFailure(nil, status: status, fallback: "The provider answered with status \(status)")
    if case .reply = form {
      do throws(JSONError) {
        let root = try tools.parser.scan(copying: reply.raw).root
        reader.read(root, into: &chunk)
        failure = CallFailure(
          chunk.failure ?? ChatChunk.Failure(root), status: status,
          fallback: "The provider answered with status \(status)")
      } catch {
        counts.malformed += 1
      }
    }
    failure.status = status
    failure.isRetryable = CallFailure.isRetryable(status)
    failure.retryAfter = retryAfter
    return failure
  }

  // MARK: Writing

  private func take(_ piece: ChatPiece, at moment: Moment, into builder: inout EventBatchBuilder) {
    let key = DeltaMerger.Key(channel: piece.channel, choice: piece.choice, tool: piece.tool)
    if !mergesDeltas || !merger.accepts(piece, key: key) {
      flush(at: moment, into: &builder)
      merger.begin(piece, key: key)
    }
    if piece.isValue {
      var quoted = ByteWriter(capacity: piece.text.count + 2)
      var compact = ByteWriter(capacity: piece.text.count)
      JSONParser.minify(piece.text, into: &compact)
      quoted.append(jsonString: compact.raw)
      return append(
        UnsafeRawBufferPointer(rebasing: quoted.raw.dropFirst().dropLast()), at: moment, into: &builder)
    }
    append(piece.text, at: moment, into: &builder)
  }

  /// Adds text to the open delta, in several where it is too long for one.
  private func append(
    _ text: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    var rest = text
    while rest.count > CallOutput.textLimit {
      let cut = JSONText.boundary(in: rest, before: CallOutput.textLimit)
      merger.append(UnsafeRawBufferPointer(rebasing: rest[..<cut]))
      flush(at: moment, into: &builder)
      rest = UnsafeRawBufferPointer(rebasing: rest[cut...])
    }
    merger.append(rest)
  }

  /// Writes the deltas that were collected.
  private func flush(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !merger.isEmpty else { return }
    builder.begin("llm.delta", .delta, of: context, at: moment.wall, tools: tools)
    builder.index(output.deltas)
    if merger.count > 1 { builder.count(merger.count) }
    builder.end(of: context) { merger.appendData(to: &$0) }
    output.count(deltas: merger.count, characters: JSONText.characters(in: merger.text.raw), at: moment)
    merger.clear()
  }

  /// JSON that means nothing to us is kept as it is.
  private func appendOpaque(
    _ root: JSONValueView, event: UnsafeRawBufferPointer, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    builder.begin("llm.opaque", nil, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      writer.append("{")
      if !event.isEmpty {
        writer.append("\"event\":")
        writer.append(jsonString: String(decoding: event, as: UTF8.self))
        writer.append(",")
      }
      writer.append("\"payload\":")
      BoundedJSON.append(root, limit: CallRequest.inputLimit, to: &writer)
      writer.append("}")
    }
  }

  private func end(at moment: Moment, into builder: inout EventBatchBuilder) {
    if callerLeft { return close(reading: nil, at: moment, into: &builder) }
    flush(at: moment, into: &builder)
    isOver = true
    let usage = usage(isComplete: true)
    appendUsage(usage, at: moment, into: &builder)
    builder.begin("llm.end", .end, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      writer.append("{")
      let reasons = output.finishReasons
      if let first = reasons.first { writer.append("\"finish_reason\":\"", first, then: ",") }
      if reasons.count > 1 {
        writer.append("\"finish_reasons\":")
        for (i, reason) in reasons.enumerated() { writer.append(i == 0 ? "[\"" : ",\"", reason) }
        writer.append("],")
      }
      writer.append("\"response\":\"", output.id, then: ",")
      writer.append("\"model\":\"", output.model, then: ",")
      writer.append("\"service_tier\":\"", output.serviceTier, then: ",")
      if case .unread(let why) = form {
        writer.append("\"unread\":\"")
        writer.append(why)
        writer.append("\",")
      }
      writer.append("\"status\":")
      writer.append(decimal: status)
      appendSummary(usage, at: moment, to: &writer)
      writer.append("}")
    }
  }

  /// Writes the error that ends the span; once the caller has left, that is why it ended.
  private func close(
    reading failure: CallFailure?, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    guard !isOver else { return }
    flush(at: moment, into: &builder)
    isOver = true
    let failure =
      failure.flatMap { callerLeft ? nil : $0 }
      ?? CallFailure(.cancelled, "The client went away before the reply was complete", code: "client_closed")
    let usage = usage(isComplete: output.isFinished)
    appendUsage(usage, at: moment, into: &builder)
    builder.begin("llm.error", .error, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      failure.appendMembers(to: &writer)
      writer.append(",\"response\":\"", output.id)
      appendSummary(usage, at: moment, to: &writer)
      writer.append("}")
    }
  }

  private typealias CountedUsage = (usage: TokenUsage, provenance: UsageProvenance)

  /// What is known of the tokens; nil when nothing was generated.
  private func usage(isComplete: Bool) -> CountedUsage? {
    if let usage = output.usage { return (usage, isComplete ? .providerFinal : .providerPartial) }
    guard isSuccess, output.deltas > 0 else { return nil }
    return (
      TokenUsage(estimatedInput: request.characters, output: output.characters),
      .estimated(confidence: TokenUsage.estimateConfidence)
    )
  }

  private func appendUsage(_ usage: CountedUsage?, at moment: Moment, into builder: inout EventBatchBuilder) {
    guard let usage else { return }
    builder.begin("llm.usage", .usage, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      output.rawUsage.withUnsafeBytes {
        writer.append(usage: usage.usage, usage.provenance, raw: $0.isEmpty ? nil : $0)
      }
    }
  }

  /// Writes `usage` and `timing`.
  private func appendSummary(_ usage: CountedUsage?, at moment: Moment, to writer: inout ByteWriter) {
    if let usage {
      writer.append(",\"usage\":")
      writer.append(usage: usage.usage, usage.provenance)
    }
    let duration = moment.milliseconds(since: started)
    writer.append(",\"timing\":{\"duration_ms\":")
    writer.append(json: duration)
    if let first = output.firstDelta {
      let untilFirst = first.milliseconds(since: started)
      writer.append(",\"first_delta_ms\":")
      writer.append(json: untilFirst)
      writer.append(",\"deltas\":")
      writer.append(decimal: output.deltas)
      if let tokens = usage?.usage.output, tokens > 1, duration > untilFirst {
        writer.append(",\"tokens_per_second\":")
        writer.append(json: (Double(tokens) / (duration - untilFirst) * 1e5).rounded() / 100)
      }
    }
    writer.append("}")
  }
}

extension ByteWriter {
  /// Writes a member whose string needs no escaping and what follows it, unless it is empty.
  fileprivate mutating func append(_ opening: StaticString, _ text: [UInt8], then end: StaticString) {
    guard !text.isEmpty else { return }
    append(opening, text)
    append(end)
  }
}

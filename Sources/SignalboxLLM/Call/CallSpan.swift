internal import JSONScan
internal import Wire

/// The span of one call: keeps what has come of it, and writes its events.
struct CallSpan: ~Copyable {
  private let tools: CallTools
  private(set) var context: CallContext
  private(set) var request = CallRequest()
  /// Adjacent deltas become one event.
  var mergesDeltas = true
  /// The last event was written.
  private(set) var isOver = false
  /// Of the response; 0: none came.
  var status = 0
  /// Why the reply was not read, where it was not.
  var unread: StaticString?
  private var started = Moment(wall: Timestamp(nanoseconds: 0), steady: 0)
  private var output = CallOutput()
  private var merger = DeltaMerger()
  private var callerLeft = false

  init(context: CallContext, tools: CallTools) {
    self.context = context
    self.tools = tools
  }

  var isSuccess: Bool { 200..<300 ~= status }
  /// Every choice that was begun was finished.
  var isFinished: Bool { output.isFinished }
  var hasChoices: Bool { output.hasChoices }

  /// Writes `llm.start`. False when the body is not JSON.
  mutating func start(
    endpoint: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer?, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) -> Bool {
    started = moment
    var data = ByteWriter(capacity: 512 + min(body?.count ?? 0, CallRequest.inputLimit))
    var isRead = true
    if let body {
      do throws(JSONError) {
        let root = try tools.parser.scan(padded: body).root
        request.read(root, endpoint: endpoint, call: &context, to: &data)
      } catch {
        isRead = false
        CallRequest.unread(endpoint: endpoint, why: "the request is not JSON", to: &data)
      }
    } else {
      CallRequest.unread(endpoint: endpoint, why: "the request is empty or too large", to: &data)
    }
    builder.begin("llm.start", .start, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { $0.append(data.raw) }
    return isRead
  }

  /// Nobody waits for the reply any more.
  mutating func cancel() {
    if !isOver, !output.isFinished { callerLeft = true }
  }

  /// Takes what the reader found in a payload, while that is still there.
  mutating func take(
    _ chunk: ChatChunk, of root: JSONValueView, event: UnsafeRawBufferPointer, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    output.take(chunk)
    if context.model.isEmpty, let model = root["model"]?.label { context.model = model }
    for piece in chunk.pieces { take(piece, at: moment, into: &builder) }
    if let failure = chunk.failure {
      close(
        reading: CallFailure(failure, status: nil, fallback: "The provider reported an error"), at: moment,
        into: &builder)
    } else if chunk.isOpaque {
      flush(at: moment, into: &builder)
      appendOpaque(root, event: event, at: moment, into: &builder)
    }
  }

  mutating func take(_ piece: ChatPiece, at moment: Moment, into builder: inout EventBatchBuilder) {
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
  private mutating func append(
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
  mutating func flush(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !merger.isEmpty else { return }
    builder.begin("llm.delta", .delta, of: context, at: moment.wall, tools: tools)
    builder.index(output.deltas)
    if merger.count > 1 { builder.count(merger.count) }
    builder.end(of: context) { merger.appendData(to: &$0) }
    output.count(deltas: merger.count, characters: JSONText.characters(in: merger.text.raw), at: moment)
    merger.clear()
  }

  /// JSON that means nothing to us is kept as it is.
  mutating func appendOpaque(
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

  /// Writes `llm.end`; where the caller has left, why there is none.
  mutating func end(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !isOver else { return }
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
      if let unread {
        writer.append("\"unread\":\"")
        writer.append(unread)
        writer.append("\",")
      }
      writer.append("\"status\":")
      writer.append(decimal: status)
      appendSummary(usage, at: moment, to: &writer)
      writer.append("}")
    }
  }

  /// Writes the error that ends the span; once the caller has left, that is why it ended.
  mutating func close(
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

  private mutating func appendUsage(
    _ usage: CountedUsage?, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
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

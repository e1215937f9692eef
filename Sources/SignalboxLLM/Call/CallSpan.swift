internal import JSONScan
internal import Signalbox
internal import Wire

/// The span of one call: counts what has come of it, and writes its events.
struct CallSpan: ~Copyable {
  /// Most bytes of text in one event; longer texts become several deltas.
  static let textLimit = 256 << 10
  /// Most bytes of a payload that is kept as it is; images in it lose their end.
  static let opaqueLimit = 32 << 10
  /// Most payloads of a call that are kept as they are, and most bytes of them together; the others are counted.
  static let opaquesLimit = (count: 1000, bytes: 4 << 20)

  private let tools: CallTools
  private let format: ReplyFormat
  private(set) var context: CallContext
  private(set) var request = CallRequest()
  /// Adjacent deltas become one event.
  var mergesDeltas = true
  /// The last event was written.
  private(set) var isOver = false
  private var started = Moment(wall: Timestamp(nanoseconds: 0), steady: 0)
  private var firstDelta: Moment?
  /// The next delta's index: how many there were.
  private var deltas: Int64 = 0
  /// All texts of the reply.
  private var text = TextMeasure()
  private var merger = DeltaMerger()
  private var opaques = (count: 0, bytes: 0, skipped: 0)
  private var callerLeft = false

  init(format: ReplyFormat, context: CallContext, tools: CallTools) {
    self.format = format
    self.context = context
    self.tools = tools
  }

  /// Writes `llm.start`. False when the body cannot be read.
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
        request.read(root, format: format, endpoint: endpoint, call: &context, to: &data)
      } catch {
        isRead = false
        CallRequest.unread(format, endpoint: endpoint, why: "the request is not JSON", to: &data)
      }
    } else {
      isRead = false
      CallRequest.unread(format, endpoint: endpoint, why: "the request is empty or too large", to: &data)
    }
    builder.begin("llm.start", .start, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { $0.append(data.raw) }
    return isRead
  }

  /// Nobody waits for the reply any more.
  mutating func cancel(_ reply: ReplyDecoder) {
    if !isOver, !reply.summary.isFinished { callerLeft = true }
  }

  /// Takes what the reply says, while that is still there.
  mutating func take(
    _ item: ReplyItem, of reply: ReplyDecoder, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    if context.model.isEmpty, !reply.summary.model.isEmpty { context.model = reply.summary.model }
    switch item {
    case .piece(let piece): take(piece, at: moment, into: &builder)
    case .annotation(let value, let choice): append(value, choice: choice, at: moment, into: &builder)
    case .opaque(let root, let event): appendOpaque(root, event: event, at: moment, into: &builder)
    case .usage: break
    case .failure(let failure): close(reading: failure, of: reply, at: moment, into: &builder)
    case .end: end(of: reply, at: moment, into: &builder)
    }
  }

  // MARK: Deltas

  private mutating func take(_ piece: ReplyPiece, at moment: Moment, into builder: inout EventBatchBuilder) {
    guard piece.channel != .signature else { return }
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
    while rest.count > Self.textLimit {
      let cut = JSONText.boundary(in: rest, before: Self.textLimit)
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
    builder.index(deltas)
    if merger.count > 1 { builder.count(merger.count) }
    builder.end(of: context) { merger.appendData(to: &$0) }
    if firstDelta == nil { firstDelta = moment }
    deltas += merger.count
    text.add(merger.text.raw, escaped: true)
    merger.clear()
  }

  /// A source, or another note that belongs to an answer.
  private mutating func append(
    _ annotation: JSONValueView, choice: Int, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    flush(at: moment, into: &builder)
    builder.begin("llm.annotation", nil, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      writer.append("{")
      if choice > 0 {
        writer.append("\"choice\":")
        writer.append(decimal: choice)
        writer.append(",")
      }
      writer.append("\"annotation\":")
      BoundedJSON.append(annotation, limit: CallRequest.optionsLimit, to: &writer)
      writer.append("}")
    }
  }

  /// JSON that means nothing to us is kept as it is.
  private mutating func appendOpaque(
    _ root: JSONValueView, event: UnsafeRawBufferPointer, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    guard opaques.count < Self.opaquesLimit.count, opaques.bytes < Self.opaquesLimit.bytes else {
      opaques.skipped += 1
      return
    }
    opaques.count += 1
    opaques.bytes += min(root.bytes.count, Self.opaqueLimit)
    flush(at: moment, into: &builder)
    builder.begin("llm.opaque", nil, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      writer.append("{")
      if !event.isEmpty {
        writer.append("\"event\":")
        writer.append(jsonString: String(decoding: event, as: UTF8.self))
        writer.append(",")
      }
      writer.append("\"payload\":")
      BoundedJSON.append(root, limit: Self.opaqueLimit, to: &writer)
      writer.append("}")
    }
  }

  // MARK: Ends

  /// Writes `llm.end`; where the caller has left, why there is none.
  mutating func end(of reply: ReplyDecoder, at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !isOver else { return }
    if callerLeft { return close(reading: nil, of: reply, at: moment, into: &builder) }
    flush(at: moment, into: &builder)
    isOver = true
    let summary = reply.summary
    let usage = usage(of: reply, isComplete: reply.unread == nil)
    let cost = cost(of: usage, summary)
    append(usage, cost: cost, raw: summary.rawUsage, at: moment, into: &builder)
    builder.begin("llm.end", .end, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      writer.append("{")
      let reasons = summary.finishReasons
      if let first = reasons.first { writer.append("\"finish_reason\":\"", first, then: ",") }
      if reasons.count > 1 {
        writer.append("\"finish_reasons\":")
        for (i, reason) in reasons.enumerated() { writer.append(i == 0 ? "[\"" : ",\"", reason) }
        writer.append("],")
      }
      writer.append("\"response\":\"", summary.id, then: ",")
      writer.append("\"model\":\"", summary.model, then: ",")
      writer.append("\"service_tier\":\"", summary.serviceTier, then: ",")
      if let unread = reply.unread {
        writer.append("\"unread\":\"")
        writer.append(unread)
        writer.append("\",")
      }
      writer.append("\"status\":")
      writer.append(decimal: reply.status)
      appendSummary(usage, cost: cost, at: moment, to: &writer)
      writer.append("}")
    }
  }

  /// Writes the error that ends the span; once the caller has left, that is why it ended.
  mutating func close(
    reading failure: CallFailure?, of reply: ReplyDecoder, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    guard !isOver else { return }
    flush(at: moment, into: &builder)
    isOver = true
    var failure =
      failure.flatMap { callerLeft ? nil : $0 }
      ?? CallFailure(.cancelled, "The client went away before the reply was complete", code: "client_closed")
    failure.remove(keys: context.keys)
    let summary = reply.summary
    let usage = usage(of: reply, isComplete: summary.isFinished)
    let cost = cost(of: usage, summary)
    append(usage, cost: cost, raw: summary.rawUsage, at: moment, into: &builder)
    builder.begin("llm.error", .error, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      failure.appendMembers(to: &writer)
      writer.append(",\"response\":\"", summary.id)
      appendSummary(usage, cost: cost, at: moment, to: &writer)
      writer.append("}")
    }
  }

  /// What is known of the tokens; nil when nothing was generated.
  private func usage(of reply: ReplyDecoder, isComplete: Bool) -> TokenUsage? {
    if var usage = reply.summary.usage {
      usage.provenance = isComplete ? .providerFinal : .providerPartial
      return usage
    }
    guard reply.isSuccess, deltas > 0 else { return nil }
    return TokenEstimator(provider: provider).usage(input: request.text, output: text)
  }

  /// Tokens used so far and what they cost: what the provider has counted, and a guess at what it has not.
  ///
  /// - Parameter withCost: whether the price is looked up.
  func spent(of reply: ReplyDecoder, withCost: Bool) -> (tokens: Int64, cost: Double?) {
    guard reply.isSuccess || reply.status == 0 else { return (0, nil) }
    let guess = TokenEstimator(provider: provider).usage(input: request.text, output: text)
    // Some say at the start what the question cost, and what the answer did only at its end.
    var usage = reply.summary.usage ?? guess
    usage.output = max(usage.output ?? 0, guess.output ?? 0)
    return (usage.total, withCost ? cost(of: usage, reply.summary)?.amount : nil)
  }

  private var provider: String { String(decoding: context.provider, as: UTF8.self) }

  /// What it cost: by the price of the model that answered, else of the one that was asked for.
  private func cost(of usage: TokenUsage?, _ summary: ReplySummary) -> Cost? {
    guard let usage else { return nil }
    return tools.prices.cost(
      of: usage, provider: provider, model: String(decoding: summary.model, as: UTF8.self),
      requested: String(decoding: context.model, as: UTF8.self),
      serviceTier: String(decoding: summary.serviceTier, as: UTF8.self))
  }

  private mutating func append(
    _ usage: TokenUsage?, cost: Cost?, raw: [UInt8], at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    guard let usage else { return }
    builder.begin("llm.usage", .usage, of: context, at: moment.wall, tools: tools)
    builder.end(of: context) { writer in
      raw.withUnsafeBytes { writer.append(usage: usage, cost: cost, raw: $0.isEmpty ? nil : $0) }
    }
  }

  /// Writes `opaque_skipped`, `usage` and `timing`.
  private func appendSummary(
    _ usage: TokenUsage?, cost: Cost?, at moment: Moment, to writer: inout ByteWriter
  ) {
    if opaques.skipped > 0 {
      writer.append(",\"opaque_skipped\":")
      writer.append(decimal: opaques.skipped)
    }
    if let usage {
      writer.append(",\"usage\":")
      writer.append(usage: usage, cost: cost)
    }
    let duration = moment.milliseconds(since: started)
    writer.append(",\"timing\":{\"duration_ms\":")
    writer.append(json: duration)
    if let firstDelta {
      let untilFirst = firstDelta.milliseconds(since: started)
      writer.append(",\"first_delta_ms\":")
      writer.append(json: untilFirst)
      writer.append(",\"deltas\":")
      writer.append(decimal: deltas)
      if let tokens = usage?.output, tokens > 1, duration > untilFirst {
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

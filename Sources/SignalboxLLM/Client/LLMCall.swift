internal import Fetch
internal import JSONScan
internal import Signalbox
internal import Wire

/// One call as it goes on: sends the request, reads the reply, and hands out events one by one.
///
/// Confined to whoever pulls: it does nothing on its own. Letting go of it cancels the request, and the span ends as
/// cancelled.
final class LLMCall {
  private enum Phase { case idle, connecting, reading, over }

  private let plan: CallPlan
  private let isRepeated: Bool
  private var phase = Phase.idle
  private var info: StreamInfo
  private var telemetry: CallTelemetry
  private var prepared: PreparedRequest?
  private var attempt = CallAttempt()
  private var body: FetchBody?
  private var started = Moment(wall: Timestamp(nanoseconds: 0), steady: 0)
  /// When the first delta came.
  private var first: Moment?
  /// How many deltas came: the next one's index.
  private var count = 0
  /// Deltas that wait to be pulled, of one read; the first has the index `count` less their number.
  private var waiting: ArraySlice<ReplyAssembler.Delta> = []
  /// What comes after them.
  private var events: ArraySlice<StreamEvent> = []
  private var isJSON: Bool { plan.request.options.format.isJSON }

  init(_ plan: CallPlan, isRepeated: Bool = false) {
    self.plan = plan
    self.isRepeated = isRepeated
    info = plan.info
    telemetry = CallTelemetry(plan)
  }

  deinit {
    if phase == .connecting || phase == .reading { fail(.cancelled) }
  }

  var context: Context { plan.context }

  /// The next event; nil after the last.
  nonisolated(nonsending) func next() async -> StreamEvent? {
    while true {
      if phase == .connecting || phase == .reading, Task.isCancelled {
        waiting = []
        fail(.cancelled)
      }
      if let delta = waiting.popFirst() { return .delta(event(delta, index: count - waiting.count - 1)) }
      if let event = events.popFirst() { return event }
      switch phase {
      case .idle: begin()
      case .connecting: await connect()
      case .reading: await read()
      case .over:
        await leave()
        return nil
      }
    }
  }

  private func event(_ delta: ReplyAssembler.Delta, index: Int) -> StreamDelta {
    StreamDelta(
      info: info, text: delta.text, chunkIndex: index,
      isJSON: delta.channel == .toolArguments || delta.channel == .text && isJSON, channel: delta.channel,
      choice: delta.choice, tool: delta.tool)
  }

  // MARK: The steps

  private func begin() {
    started = now()
    guard !isRepeated else {
      phase = .over
      let error = LLMError(.invalidRequest, "this stream was read already: a stream is read once")
      return events.append(.error(StreamError(info: info, error: error)))
    }
    phase = .connecting
    do throws(LLMError) {
      let prepared = try plan.client.provider.prepare(
        plan.request, isStream: plan.isStream, environment: plan.client.environment)
      self.prepared = prepared
      announce(dropped: prepared.dropped)
    } catch {
      announce(dropped: [])
      fail(error)
    }
  }

  private func announce(dropped: [String]) {
    telemetry.start(plan.request, prepared, isStream: plan.isStream, at: started)
    var start = info
    if !dropped.isEmpty { start.metadata["dropped"] = .array(dropped.map { .string($0) }) }
    events.append(.start(StreamStart(info: start)))
  }

  private nonisolated(nonsending) func connect() async {
    guard let prepared else { return }
    attempt = CallAttempt(prepared.format, firstIndex: count)
    let timeouts = plan.request.options.timeouts ?? plan.client.configuration.timeouts
    let request = FetchRequest(
      "POST", prepared.url, headers: prepared.headers, body: prepared.body,
      timeouts: FetchTimeouts(timeouts, remaining: nil))
    do throws(FetchError) {
      let response = try await plan.client.fetch.send(request)
      attempt.respond(response, at: now())
      body = response.body
      phase = .reading
    } catch {
      fail(LLMError(error, hasBegun: false))
    }
  }

  private nonisolated(nonsending) func read() async {
    guard let body else { return }
    do throws(FetchError) {
      var pieces = body.makeAsyncIterator()
      if let piece = try await pieces.next() { take(piece) } else { finish() }
    } catch {
      fail(LLMError(error, hasBegun: true))
    }
  }

  private func take(_ bytes: [UInt8]) {
    let moment = now()
    waiting = []
    let ending = attempt.receive(bytes, limit: plan.client.configuration.replyBytes) { take($0, at: moment) }
    telemetry.flush(at: moment)
    switch ending {
    case .open: break
    case .whole: complete()
    case .failed(let error): fail(error)
    }
  }

  private func take(_ delta: ReplyAssembler.Delta, at moment: Moment) {
    if first == nil { first = moment }
    waiting.append(delta)
    telemetry.take(delta, index: count, at: moment)
    count += 1
  }

  /// The body has ended.
  private func finish() {
    let moment = now()
    let error = attempt.finish { take($0, at: moment) }
    telemetry.flush(at: moment)
    if let error { fail(error) } else { complete() }
  }

  private func complete() {
    phase = .over
    let moment = now()
    let reply = reply(isWhole: true, at: moment)
    tell(reply.usage, reply.cost, at: moment)
    telemetry.end(reply, status: attempt.status, at: moment)
    events.append(.complete(StreamComplete(info: info, reply: reply)))
  }

  /// The attempt failed. Deltas that came before the failure are handed out before it.
  private func fail(_ failure: LLMError) {
    phase = .over
    body = nil
    let moment = now()
    var error = failure
    if let prepared { error.message = prepared.redact(error.message) }
    let partial = reply(isWhole: false, at: moment)
    if count > attempt.firstIndex { error.partial = partial }
    tell(partial.usage, partial.cost, at: moment)
    telemetry.error(error, usage: partial.usage, timing: partial.timing, at: moment)
    events.append(.error(StreamError(info: info, error: error)))
  }

  private func tell(_ usage: TokenUsage?, _ cost: Cost, at moment: Moment) {
    guard let usage else { return }
    telemetry.usage(usage, cost: cost, at: moment)
    events.append(.usage(StreamUsage(info: info, usage: usage)))
  }

  /// Lets the connection end by itself, so that it can serve the next call; but not for long.
  private nonisolated(nonsending) func leave() async {
    guard let body else { return }
    self.body = nil
    await body.drain(within: .milliseconds(250), clock: plan.client.configuration.clock)
  }

  // MARK: The result

  private func reply(isWhole: Bool, at moment: Moment) -> Reply {
    var reply = Reply(
      provider: plan.client.provider.name, model: plan.request.model, requestID: plan.requestID)
    attempt.fill(&reply, requestID: plan.requestID)
    reply.usage = attempt.usage(
      isWhole: isWhole, of: plan.request, estimator: TokenEstimator(provider: plan.client.provider.name),
      hasText: count > attempt.firstIndex)
    reply.timing.durationMS = moment.milliseconds(since: started)
    reply.timing.deltas = count
    // A reply that comes in one piece has no first token.
    guard plan.isStream, let first else { return reply }
    reply.timing.firstTokenMS = first.milliseconds(since: started)
    let streamed = moment.milliseconds(since: first)
    if let tokens = reply.usage?.output, tokens > 1, streamed > 0 {
      reply.timing.tokensPerSecond = (Double(tokens) / streamed * 1e5).rounded() / 100
    }
    return reply
  }

  private func now() -> Moment {
    let wall = plan.client.configuration.clock.now()
    info.timestamp = Double(wall) / 1e9
    return Moment(wall: Timestamp(nanoseconds: wall), steady: SystemTime.monotonic)
  }
}

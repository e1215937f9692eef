internal import Fetch
internal import JSONScan
internal import Signalbox
internal import Wire

/// One call as it goes on: sends the request, reads the reply, and hands out events one by one.
///
/// Confined to whoever pulls: it does nothing on its own. Letting go of it cancels the request, and the span ends as
/// cancelled.
final class LLMCall {
  private enum Phase: Equatable {
    case idle, connecting, reading, over
    /// Another attempt follows after that long.
    case waiting(Duration)
  }

  private let plan: CallPlan
  private let isRepeated: Bool
  private var phase = Phase.idle
  private var info: StreamInfo
  private var telemetry: CallTelemetry
  private var prepared: PreparedRequest?
  private var retry: RetryState
  private var attempt = CallAttempt()
  /// The same in every attempt.
  private lazy var idempotencyKey = EventID.generate().description
  private var body: FetchBody?
  private var started = Moment(wall: Timestamp(nanoseconds: 0), steady: 0)
  /// When the first delta came, and the last.
  private var first: Moment?
  private var last: Moment?
  /// How many deltas came: the next one's index.
  private var count = 0
  /// Deltas that wait to be pulled, of one read; the first has the index `count` less their number.
  private var waiting: ArraySlice<ReplyAssembler.Delta> = []
  /// What comes after them.
  private var events: ArraySlice<StreamEvent> = []
  private let interrupt = CallInterrupt()
  private var meter: CallMeter
  /// Hears that the trace is cancelled, while the call goes on.
  private var registration: CancelRegistration?
  private var isJSON: Bool { plan.request.options.format.isJSON }

  init(_ plan: CallPlan, isRepeated: Bool = false) {
    self.plan = plan
    self.isRepeated = isRepeated
    info = plan.info
    telemetry = CallTelemetry(plan)
    let configuration = plan.client.configuration
    retry = RetryState(configuration.retry, at: configuration.clock.steady())
    meter = CallMeter(plan)
  }

  deinit {
    if isGoingOn { fail(.cancelled) }
    meter.end()
  }

  var context: Context { plan.context }
  private var configuration: LLMClient.Configuration { plan.client.configuration }
  private var isGoingOn: Bool { phase != .idle && phase != .over }

  /// The next event; nil after the last.
  nonisolated(nonsending) func next() async -> StreamEvent? {
    while true {
      if isGoingOn, Task.isCancelled {
        waiting = []
        fail(.cancelled)
      }
      if isGoingOn, let error = interrupt.error {
        waiting = []
        fail(error)
      }
      if let delta = waiting.popFirst() { return .delta(event(delta, index: count - waiting.count - 1)) }
      if let event = events.popFirst() { return event }
      switch phase {
      case .idle: begin()
      case .connecting: await connect()
      case .reading: await read()
      case .waiting(let wait): await pause(wait)
      case .over:
        registration = nil
        meter.end()
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
    retry = RetryState(configuration.retry, at: configuration.clock.steady())
    guard !isRepeated else {
      phase = .over
      let error = LLMError(.invalidRequest, "this stream was read already: a stream is read once")
      return events.append(.error(StreamError(info: info, error: error)))
    }
    phase = .connecting
    if let trace = plan.context.trace {
      registration = Cancellation.onCancel(of: trace) { [interrupt] in interrupt.fire(.traceCancelled) }
    }
    meter.begin(interrupt)
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
    attempt = CallAttempt(
      prepared.format, firstIndex: count,
      record: configuration.recorder.map { recorder in
        recorder.begin(method: "POST", path: prepared.path, body: prepared.body.raw)
      })
    let request = fetchRequest(prepared)
    do throws(LLMError) {
      attempt.permit = try configuration.breakers?.admit(request.authority)
      let response = try await send(request)
      attempt.respond(response, at: now())
      body = response.body
      phase = .reading
    } catch {
      if interrupt.error == nil { fail(error) }
    }
  }

  private func fetchRequest(_ prepared: PreparedRequest) -> FetchRequest {
    var headers = prepared.headers
    if let name = configuration.retry.idempotencyHeaders[plan.client.provider.name], retry.policy.attempts > 1
    {
      headers.append(FetchHeader(name, idempotencyKey))
    }
    return FetchRequest(
      "POST", prepared.url, headers: headers, body: prepared.body,
      timeouts: FetchTimeouts(
        plan.request.options.timeouts ?? configuration.timeouts,
        remaining: retry.remaining(at: configuration.clock.steady())))
  }

  private nonisolated(nonsending) func send(_ request: FetchRequest) async throws(LLMError) -> FetchResponse {
    meter.waits()
    defer { meter.waitsNoMore() }
    let interrupt = interrupt
    do throws(FetchError) {
      return try await plan.client.fetch.send(request) { interrupt.attach($0) }
    } catch {
      throw LLMError(error, replyBegan: false)
    }
  }

  private nonisolated(nonsending) func read() async {
    guard let body else { return }
    do throws(FetchError) {
      var pieces = body.makeAsyncIterator()
      meter.waits()
      let piece = try await pieces.next()
      meter.waitsNoMore()
      // What ended the wait says why, not what the wait came to.
      guard interrupt.error == nil else { return }
      if let piece { take(piece) } else { finish() }
    } catch {
      guard interrupt.error == nil else { return }
      fail(LLMError(error, replyBegan: true))
    }
  }

  private nonisolated(nonsending) func pause(_ wait: Duration) async {
    let clock = configuration.clock
    let sleeper = Task { try await clock.sleep(for: wait) }
    interrupt.attach { sleeper.cancel() }
    let slept = await withTaskCancellationHandler {
      await sleeper.result
    } onCancel: {
      sleeper.cancel()
    }
    if case .success = slept { phase = .connecting } else if interrupt.error == nil { fail(.cancelled) }
  }

  private func take(_ bytes: [UInt8]) {
    let moment = now()
    waiting = []
    let ending = attempt.receive(bytes, limit: configuration.replyBytes) { take($0, at: moment) }
    telemetry.flush(at: moment)
    switch ending {
    case .open:
      if let limit = meter.exceeded(attempt) { fail(meter.error(limit)) }
    case .whole: complete()
    case .failed(let error): fail(error)
    }
  }

  private func take(_ delta: ReplyAssembler.Delta, at moment: Moment) {
    if first == nil { first = moment }
    last = moment
    waiting.append(delta)
    meter.count(delta.text)
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
    attempt.permit?.succeeded()
    let moment = now()
    let reply = reply(isWhole: true, at: moment)
    tell(reply.usage, reply.cost, at: moment)
    telemetry.end(reply, status: attempt.status, at: moment)
    events.append(.complete(StreamComplete(info: info, reply: reply)))
  }

  /// The attempt failed: another one follows, or the call ends. Deltas that came before are handed out first.
  private func fail(_ failure: LLMError) {
    body = nil
    let moment = now()
    var error = failure
    if let prepared { error.message = prepared.redact(error.message) }
    attempt.permit?.failed(error)
    attempt.abandon(error)
    let hasText = count > attempt.firstIndex
    let partial = reply(isWhole: false, at: moment)
    tell(partial.usage, partial.cost, at: moment)
    let decision = retry.decide(
      after: error, textDelivered: hasText, at: configuration.clock.steady(), random: .random(in: 0...1))
    switch decision {
    case .retry(let wait):
      phase = .waiting(wait)
      meter.attemptEnded(usage: partial.usage, cost: partial.cost)
      let restart = StreamRestart(
        info: info, attempt: retry.attempt - 1, discardFrom: attempt.firstIndex, error: error)
      telemetry.restart(restart, at: moment)
      // Without text there is nothing to take back.
      guard hasText else { return }
      first = nil
      events.append(.restart(restart))
    case .giveUp:
      phase = .over
      if hasText { error.partial = partial }
      error.attempts = retry.attempt
      telemetry.error(error, partial, at: moment)
      events.append(.error(StreamError(info: info, error: error)))
    }
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
    await body.drain(within: .milliseconds(250), clock: configuration.clock)
  }

  // MARK: The result

  private func reply(isWhole: Bool, at moment: Moment) -> Reply {
    let provider = plan.client.provider.name
    var reply = Reply(provider: provider, model: plan.request.model, requestID: plan.requestID)
    attempt.fill(&reply, requestID: plan.requestID)
    reply.attempts = retry.attempt
    reply.usage = attempt.usage(isWhole: isWhole) ?? estimate()
    if let usage = reply.usage {
      reply.cost = configuration.prices.cost(
        of: usage, provider: provider, model: reply.model, requested: plan.request.model,
        serviceTier: attempt.serviceTier)
    }
    reply.timing.durationMS = moment.milliseconds(since: started)
    reply.timing.deltas = count
    // A reply that comes in one piece has no first token.
    guard plan.isStream, let first else { return reply }
    reply.timing.firstTokenMS = first.milliseconds(since: started)
    // What came in one read has no pace.
    let streamed = last == first ? 0 : moment.milliseconds(since: first)
    if let tokens = reply.usage?.output, tokens > 1, streamed > 0 {
      reply.timing.tokensPerSecond = (Double(tokens) / streamed * 1e5).rounded() / 100
    }
    return reply
  }

  /// A guess at the tokens, where the provider generated something and said nothing.
  private func estimate() -> TokenUsage? {
    guard count > attempt.firstIndex else { return nil }
    let estimator = TokenEstimator(provider: plan.client.provider.name, tokenizer: configuration.tokenizer)
    return estimator.usage(input: plan.request.text, output: attempt.text)
  }

  private func now() -> Moment {
    let wall = configuration.clock.now()
    info.timestamp = Double(wall) / 1e9
    return Moment(wall: Timestamp(nanoseconds: wall), steady: UInt64(max(0, configuration.clock.steady())))
  }
}

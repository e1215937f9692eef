/// One run of a chain: carries out its steps and tells of them.
///
/// Parallel steps may tell at the same time; what the chain's span says leaves in one order all the same, so that
/// progress never falls.
final class ChainRun: Sendable {
  private struct Saying: Sendable {
    let type: EventType
    let data: JSONValue
    let phase: EventPhase?
  }

  private struct State {
    var progress: ChainProgress
    /// What is to be emitted, oldest first; one task at a time does it.
    var outbox = RingQueue<Saying>()
    var isEmitting = false
    /// What is left of the patience, nanoseconds.
    var patience: Int64
  }

  let id: String
  private let name: String
  private let plan: ChainPlan
  private let total: Int
  private let emitter: Emitter
  private let options: ChainOptions
  private let context: Context
  private let started: Int64
  private let state: Locked<State>

  private static var nameCount: Int { 1000 }

  init(_ name: String, id: String, plan: ChainPlan, emitter: Emitter, options: ChainOptions) {
    self.name = name
    self.id = id
    self.plan = plan
    self.emitter = emitter
    self.options = options
    total = plan.count
    let outer = Context.current
    var context = outer
    context.chain = id
    context.parent = outer.span
    context.span = .generate()
    if context.trace == nil { context.trace = .generate() }
    self.context = context
    started = options.clock.steady()
    state = Locked(
      State(progress: ChainProgress(total: plan.weight), patience: Int64(options.patience.nanoseconds)))
  }

  // MARK: The whole

  nonisolated(nonsending) func whole<Input, Output>(
    _ segment: ChainSegment<Input, Output>, _ input: Input, metadata: JSONObject
  ) async throws(ChainError) -> Output {
    start(input, metadata)
    do throws(ChainError) {
      let output = try await Context.with(context) { () async throws(ChainError) -> Output in
        try await segment.body(input, ChainPlace(), self)
      }
      end(output)
      return output
    } catch {
      fail(error)
      throw error
    }
  }

  private func start(_ input: Any, _ metadata: JSONObject) {
    guard emitter.hasExporters else { return }
    var data: JSONObject = ["name": .string(name), "total": .int(Int64(total))]
    data["steps"] = .array(plan.names(atMost: Self.nameCount).map { .string($0) })
    data["input"] = content(input)
    if !metadata.members.isEmpty { data["metadata"] = .object(metadata) }
    say("chain.start", .object(data), .start)
  }

  private func end(_ output: Any) {
    guard emitter.hasExporters else { return }
    var data: JSONObject = ["name": .string(name)]
    data["output"] = content(output)
    data["timing"] = timing(since: started)
    say("chain.end", .object(data), .end)
  }

  private func fail(_ error: ChainError) {
    guard emitter.hasExporters else { return }
    var data = describe(error)
    data["name"] = .string(name)
    data["step"] = error.place.map { .int(Int64($0)) }
    data["step_name"] = error.step.map { .string($0) }
    data["timing"] = timing(since: started)
    say("chain.error", .object(data), .error)
  }

  // MARK: Steps

  /// Carries out a step, as often as its policy says.
  func step<Input, Output>(
    _ step: Step<Input, Output>, _ input: Input, at place: ChainPlace
  ) async throws(ChainError) -> Output {
    guard !Task.isCancelled else { throw .cancelled() }
    await makeRoom()
    let handle = begin(step.name, place.first, weight: step.weight * place.scale, input)
    let begun = options.clock.steady()
    while true {
      do {
        let output = try await Context.with(handle.span.context) {
          try await attempt(step, input, handle)
        }
        await makeRoom()
        complete(handle, output, since: begun)
        return output
      } catch {
        let isCancelled = Task.isCancelled || error is CancellationError
        let wait =
          isCancelled
          ? nil : step.policy.wait(after: error, attempt: handle.attempt, random: .random(in: 0...1))
        if let wait {
          restart(handle, error)
          if (try? await options.clock.sleep(for: wait)) != nil { continue }
        }
        let failure =
          isCancelled || wait != nil
          ? ChainError.cancelled(step: step.name, place: place.first, attempts: handle.attempt)
          : ChainError(
            error is StepTimeout ? .timeout : .failed, "\(error)", step: step.name, place: place.first,
            attempts: handle.attempt, underlying: error)
        abandon(handle, failure, since: begun)
        throw failure
      }
    }
  }

  private func attempt<Input, Output>(
    _ step: Step<Input, Output>, _ input: Input, _ handle: StepHandle
  ) async throws -> Output {
    guard let limit = step.policy.timeout else { return try await step.body(input, handle) }
    let clock = options.clock
    return try await withThrowingTaskGroup(of: Output.self) { group in
      group.addTask { try await step.body(input, handle) }
      group.addTask {
        try await clock.sleep(for: limit)
        throw StepTimeout(limit: limit)
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  /// Asks a branch which way to go.
  func choose<Choice: Sendable>(
    _ name: String, _ body: () async throws -> Choice
  ) async throws(ChainError) -> Choice {
    guard !Task.isCancelled else { throw .cancelled() }
    do { return try await body() } catch {
      if Task.isCancelled || error is CancellationError { throw .cancelled(step: name) }
      throw ChainError(.failed, "\(error)", step: name, underlying: error)
    }
  }

  /// A branch went that way.
  func took(_ name: String, choice: String, _ cases: [ChainPlan], _ index: Int, at place: ChainPlace) {
    if cases[index].weight == 0 {
      state.withLock { $0.progress.skip(weight: ChainPlan.one(cases).weight * place.scale) }
    }
    guard emitter.hasExporters else { return }
    var data: JSONObject = ["name": .string(name)]
    if options.capturesContent { data["choice"] = .string(choice) }
    say("chain.branch", .object(data), nil)
  }

  // MARK: What steps say

  private func begin(_ name: String, _ place: Int, weight: Double, _ input: Any) -> StepHandle {
    var inner = context
    inner.parent = context.span
    inner.span = .generate()
    let core = emitter.core
    let span = ActiveSpan(.step, name, context: inner, core: core, now: core.now)
    state.withLock { $0.progress.begin(place, weight: weight) }
    if emitter.hasExporters {
      var data = head(name, place)
      data["input"] = content(input)
      span.emit("step.start", .object(data), phase: .start)
    }
    return StepHandle(name, place: place, span: span, run: self)
  }

  private func complete(_ step: StepHandle, _ output: Any, since begun: Int64) {
    guard emitter.hasExporters else {
      state.withLock { _ = $0.progress.complete(step.place) }
      return
    }
    var data = head(step.name, step.place)
    if step.attempt > 1 { data["attempts"] = .int(Int64(step.attempt)) }
    data["timing"] = timing(since: begun)
    step.span.emit("step.end", .object(data), phase: .end)
    let result = content(output)
    say("chain.step", .progress) { state in
      guard let fraction = state.progress.complete(step.place) else { return nil }
      var data = self.head(step.name, step.place)
      data["fraction"] = .double(fraction)
      data["result"] = result
      return data
    }
  }

  func progress(_ step: StepHandle, _ fraction: Double?, message: String? = nil, partial: Any? = nil) {
    guard emitter.hasExporters else { return }
    let result = partial.flatMap { content($0) }
    say("chain.progress", .progress) { state in
      guard let whole = state.progress.report(step.place, fraction) else { return nil }
      var data = self.head(step.name, step.place)
      data["fraction"] = .double(whole)
      data["step_fraction"] = fraction.map { .double($0) }
      if self.options.capturesContent { data["message"] = message.map { .string($0) } }
      data["result"] = result
      return data
    }
  }

  private func restart(_ step: StepHandle, _ error: any Error) {
    let attempt = step.beginAgain()
    var data: JSONObject = ["attempt": .int(Int64(attempt - 1)), "discard_from": 0]
    data["message"] = .string(options.capturesContent ? "\(error)" : "\(type(of: error))")
    step.span.emit("step.restart", .object(data), phase: .restart)
  }

  private func abandon(_ step: StepHandle, _ error: ChainError, since begun: Int64) {
    state.withLock { $0.progress.abandon(step.place) }
    guard emitter.hasExporters else { return }
    var data = describe(error)
    for (key, value) in head(step.name, step.place).members { data[key] = value }
    if error.attempts > 1 { data["attempts"] = .int(Int64(error.attempts)) }
    data["timing"] = timing(since: begun)
    step.span.emit("step.error", .object(data), phase: .error)
  }

  // MARK: Parts of events

  private func head(_ step: String, _ place: Int) -> JSONObject {
    ["name": .string(step), "step": .int(Int64(place)), "steps": .int(Int64(total))]
  }

  private func describe(_ error: ChainError) -> JSONObject {
    let isOurs = error.underlying == nil || error.code == .timeout
    let message =
      options.capturesContent || isOurs
      ? error.message : error.underlying.map { "\(type(of: $0))" } ?? error.message
    var data: JSONObject = [
      "reason": error.code == .cancelled ? "cancelled" : "failed", "message": .string(message),
    ]
    if error.code != .failed, error.code != .cancelled { data["code"] = .string(error.code.description) }
    return data
  }

  private func content(_ value: Any) -> JSONValue? {
    options.capturesContent ? JSONValue(describing: value, limit: options.resultBytes) : nil
  }

  /// Whole microseconds, so that the number reads well.
  private func timing(since moment: Int64) -> JSONValue {
    ["duration_ms": .double(Double(max(options.clock.steady() - moment, 0) / 1000) / 1000)]
  }

  // MARK: Saying it in order

  private func say(_ type: EventType, _ data: JSONValue, _ phase: EventPhase?) {
    state.withLock { $0.outbox.append(Saying(type: type, data: data, phase: phase)) }
    emitWaiting()
  }

  /// `body` makes the data in the moment in which its place in the order is decided; nil says nothing.
  private func say(_ type: EventType, _ phase: EventPhase, _ body: (inout State) -> JSONObject?) {
    state.withLock { state in
      guard let data = body(&state) else { return }
      state.outbox.append(Saying(type: type, data: .object(data), phase: phase))
    }
    emitWaiting()
  }

  /// Emits what waits, unless another task does; that one then takes this along.
  private func emitWaiting() {
    while true {
      let next = state.withLock { state -> Saying? in
        guard !state.isEmitting, let next = state.outbox.popFirst() else { return nil }
        state.isEmitting = true
        return next
      }
      guard let next else { return }
      emitter.core.emit(next.type, next.data, phase: next.phase, context: context)
      state.withLock { $0.isEmitting = false }
    }
  }

  // MARK: Keeping up

  /// Waits while an exporter's buffer is more than half full, as long as there is patience.
  private func makeRoom() async {
    guard emitter.core.isCrowded else { return }
    let left = state.withLock { $0.patience }
    guard left > 0 else { return }
    let before = options.clock.steady()
    await emitter.flush(within: .nanoseconds(left))
    let spent = max(options.clock.steady() - before, 0)
    state.withLock { $0.patience -= spent }
  }
}

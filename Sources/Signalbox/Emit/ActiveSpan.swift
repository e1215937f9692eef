import Wire

/// A span that is going on; `Emitter.withSpan` hands it to its body. It may be used from any task.
public final class ActiveSpan: Sendable {
  public let kind: SpanKind
  public let name: String
  /// The context of everything that is emitted inside of the span.
  public let context: Context
  /// Nanoseconds since 1970.
  public let started: Int64

  private let core: EmitterCore
  private let deltas = DeltaCounter()
  private let progress = Locked(Progress())

  private struct Progress {
    var output: JSONValue?
    /// Further members of the end's data.
    var recorded = JSONObject()
    var usage: TokenUsage?
    var attempt: Int64 = 0
    /// The span has its end: what comes later is not its own any more.
    var isEnded = false
  }

  init(_ kind: SpanKind, _ name: String, context: Context, core: EmitterCore, now: Int64) {
    self.kind = kind
    self.name = name
    self.context = context
    self.core = core
    started = now
  }

  /// The header that lets another service join this trace.
  public var traceparent: String? { context.traceparent }

  /// Emits an event inside of the span.
  public func emit(_ type: EventType, _ data: JSONValue? = nil, phase: EventPhase? = nil) {
    core.emit(type, data, phase: phase, context: context)
  }

  /// Says how far it is, from 0 to 1.
  public func progress(_ fraction: Double, _ message: String? = nil) {
    var data: JSONObject = ["fraction": .double(min(max(fraction, 0), 1))]
    data["message"] = message.map { .string($0) }
    emit(kind.progress, .object(data), phase: .progress)
  }

  /// A piece of streamed output, numbered here. `tool` says which call arguments belong to.
  public func delta(_ text: String, channel: DeltaChannel = .text, choice: Int = 0, tool: ToolFragment? = nil)
  {
    var data: JSONObject = ["channel": .string(channel.rawValue), "text": .string(text)]
    if choice != 0 { data["choice"] = .int(Int64(choice)) }
    if let tool { data["tool"] = tool.json }
    core.emit(kind.delta, .object(data), phase: .delta, context: context, numberedBy: deltas)
  }

  /// Tokens so far or at the end, and where the numbers come from.
  public func usage(_ usage: TokenUsage) { emit(kind.usage, usage.json, phase: .usage) }

  /// Says that the work is tried again and that the deltas from `discardFrom` on are void.
  public func restart(discardFrom: Int64 = 0, _ message: String? = nil) {
    let attempt = progress.withLock { progress in
      progress.attempt += 1
      return progress.attempt
    }
    var data: JSONObject = ["attempt": .int(attempt), "discard_from": .int(discardFrom)]
    data["message"] = message.map { .string($0) }
    emit(kind.restart, .object(data), phase: .restart)
  }

  /// What the end will carry as `output`.
  public func output(_ value: JSONValue) { progress.withLock { $0.output = value } }

  /// Adds to the tokens that the end, or the error, will carry as `usage`; may be called several times.
  public func record(usage: TokenUsage) {
    progress.withLock { $0.usage = $0.usage.map { $0.adding(usage) } ?? usage }
  }

  /// What the end, or the error, will carry as a member of its data. A name is recorded once: the last value
  /// counts. The members that every end has (`name`, `timing`, `message`, …) stay what they are.
  public func record(_ name: String, _ value: JSONValue) {
    progress.withLock { $0.recorded[name] = value }
  }

  // MARK: Start and end

  /// Runs the span's work, and ends the span by what comes of it.
  package nonisolated(nonsending) func run<Value, Failure: Error>(
    _ body: (ActiveSpan) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    do {
      let value = try await Cancellation.with(context) { () async throws(Failure) -> Value in
        try await body(self)
      }
      end()
      return value
    } catch {
      fail(error)
      throw error
    }
  }

  func start(_ members: JSONObject) {
    var data: JSONObject = ["name": .string(name)]
    data.members += members.members
    emit(kind.start, .object(data), phase: .start)
  }

  private func end() {
    guard let state = finish() else { return }
    var data: JSONObject = ["name": .string(name)]
    data["output"] = state.output
    complete(&data, state)
    emit(kind.end, .object(data), phase: .end)
  }

  private func fail(_ error: any Error) {
    guard let state = finish() else { return }
    let told = error as? any SpanFailure
    let reason = told?.spanReason ?? (error is CancellationError || Task.isCancelled ? .cancelled : .failed)
    let message =
      told?.spanMessage ?? (reason == .cancelled ? "the task was cancelled" : "\(error)")
    var data: JSONObject = ["reason": .string(reason.rawValue), "message": .string(message)]
    data["code"] = told?.spanCode.map { .string($0) }
    data["name"] = .string(name)
    complete(&data, state)
    emit(kind.error, .object(data), phase: .error)
  }

  /// Adds what was recorded, and how long it took.
  private func complete(_ data: inout JSONObject, _ state: Progress) {
    for (name, value) in state.recorded.members where data[name] == nil { data[name] = value }
    if let usage = state.usage { data["usage"] = usage.json }
    data["timing"] = timing()
  }

  /// The span's state, the first time.
  private func finish() -> Progress? {
    progress.withLock { progress in
      guard !progress.isEnded else { return nil }
      progress.isEnded = true
      return progress
    }
  }

  private func timing() -> JSONValue {
    var timing: JSONObject = ["duration_ms": milliseconds(until: core.now)]
    let (count, first) = core.read(deltas)
    if let first {
      timing["first_delta_ms"] = milliseconds(until: first)
      timing["deltas"] = .int(count)
    }
    return .object(timing)
  }

  /// Whole microseconds, so that the number reads well.
  private func milliseconds(until moment: Int64) -> JSONValue {
    .double(Double(max(moment - started, 0) / 1000) / 1000)
  }
}

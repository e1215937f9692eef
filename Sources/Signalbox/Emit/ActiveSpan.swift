import Synchronization
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
  /// One thread at a time is the rule here, so the lock that lies inside of the object does.
  private let progress = Mutex(Progress())

  private struct Progress {
    var output: JSONValue?
    /// Further members of the end's data.
    var recorded = JSONObject()
    var usage: TokenUsage?
    var attempt: Int64 = 0
    var deltas: Int64 = 0
    /// When the first delta was.
    var firstDelta: Int64?
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
    emit(kind.types.progress, .object(data), phase: .progress)
  }

  /// A piece of streamed output, numbered here. `tool` says which call arguments belong to.
  public func delta(_ text: String, channel: DeltaChannel = .text, choice: Int = 0, tool: ToolFragment? = nil)
  {
    var data: JSONObject = ["channel": .string(channel.rawValue), "text": .string(text)]
    if choice != 0 { data["choice"] = .int(Int64(choice)) }
    if let tool { data["tool"] = tool.json }
    core.emit(kind.types.delta, .object(data), phase: .delta, context: context, numberedBy: self)
  }

  /// The place of the next delta. Called under the emitter's lock, inside of which this one is a leaf.
  func numberDelta(at moment: Int64) -> Int64 {
    progress.withLock { progress in
      if progress.firstDelta == nil { progress.firstDelta = moment }
      defer { progress.deltas += 1 }
      return progress.deltas
    }
  }

  /// Tokens so far or at the end, and where the numbers come from.
  public func usage(_ usage: TokenUsage) { emit(kind.types.usage, usage.json, phase: .usage) }

  /// Says that the work is tried again and that the deltas from `discardFrom` on are void.
  public func restart(discardFrom: Int64 = 0, _ message: String? = nil) {
    let attempt = progress.withLock { progress in
      progress.attempt += 1
      return progress.attempt
    }
    var data: JSONObject = ["attempt": .int(attempt), "discard_from": .int(discardFrom)]
    data["message"] = message.map { .string($0) }
    emit(kind.types.restart, .object(data), phase: .restart)
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

  /// Runs the span's work in its context, cancelled with its trace, and ends the span by what comes of it; `finishing`
  /// sees the result before.
  package nonisolated(nonsending) func run<Value, Failure: Error>(
    _ body: (ActiveSpan) async throws(Failure) -> Value, finishing: (Value) -> Void = { _ in }
  ) async throws(Failure) -> Value {
    let scope = CancelScope.enter(context)
    do {
      let value = try await Context.$ambient.withValue(scope.ambient) { try await body(self) }
      scope.leave()
      finishing(value)
      end()
      return value
    } catch {
      scope.leave()
      fail(error)
      // `withValue` passes on what the body throws, and nothing else, but without its type.
      throw error as! Failure
    }
  }

  /// The same for work that never waits.
  package func run<Value, Failure: Error>(
    _ body: (ActiveSpan) throws(Failure) -> Value, finishing: (Value) -> Void = { _ in }
  ) throws(Failure) -> Value {
    let scope = CancelScope.enter(context)
    do {
      let value = try Context.$ambient.withValue(scope.ambient) { try body(self) }
      scope.leave()
      finishing(value)
      end()
      return value
    } catch {
      scope.leave()
      fail(error)
      throw error as! Failure
    }
  }

  func start(_ members: JSONObject) {
    var data = JSONObject()
    data.members.reserveCapacity(1 + members.members.count)
    data.members.append(("name", .string(name)))
    data.members += members.members
    core.emit(kind.types.start, .object(data), phase: .start, context: context, at: started)
  }

  private func end() {
    guard let state = finish() else { return }
    var data = JSONObject()
    data.members.reserveCapacity(4)
    data.members.append(("name", .string(name)))
    if let output = state.output { data.members.append(("output", output)) }
    finish(.end, kind.types.end, &data, state)
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
    finish(.error, kind.types.error, &data, state)
  }

  /// Adds what was recorded, and how long it took.
  private func finish(
    _ phase: EventPhase, _ type: EventType, _ data: inout JSONObject, _ state: Progress
  ) {
    let now = core.now
    for (name, value) in state.recorded.members where data[name] == nil { data[name] = value }
    if let usage = state.usage { data["usage"] = usage.json }
    data["timing"] = timing(of: state, until: now)
    core.emit(type, .object(data), phase: phase, context: context, at: now)
  }

  /// The span's state, the first time.
  private func finish() -> Progress? {
    progress.withLock { progress in
      guard !progress.isEnded else { return nil }
      progress.isEnded = true
      return progress
    }
  }

  private func timing(of state: Progress, until now: Int64) -> JSONValue {
    var timing: JSONObject = ["duration_ms": milliseconds(until: now)]
    if let first = state.firstDelta {
      timing["first_delta_ms"] = milliseconds(until: first)
      timing["deltas"] = .int(state.deltas)
    }
    return .object(timing)
  }

  /// Whole microseconds, so that the number reads well.
  private func milliseconds(until moment: Int64) -> JSONValue {
    .double(Double(max(moment - started, 0) / 1000) / 1000)
  }
}

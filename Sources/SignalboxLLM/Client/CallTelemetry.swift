internal import Signalbox

/// Tells an emitter of one call, as the events of a span.
///
/// Pieces of one text that came in one read are one event that says how many they are.
struct CallTelemetry {
  private let emitter: Emitter
  private let context: Context
  private let capture: ContentCapture
  private var open: (delta: ReplyAssembler.Delta, index: Int, count: Int64)?

  init(_ plan: CallPlan) {
    emitter = plan.client.emitter
    context = plan.context
    capture = plan.client.configuration.capture
  }

  func start(_ request: LLMRequest, _ prepared: PreparedRequest?, isStream: Bool, at moment: Moment) {
    guard emitter.hasExporters else { return }
    var data: JSONObject = ["operation": "chat"]
    data["endpoint"] = prepared.map { .string($0.path) }
    data["stream"] = .bool(isStream)
    if capture == .full { data.describe(request) }
    if let dropped = prepared?.dropped, !dropped.isEmpty {
      data["dropped"] = .array(dropped.map { .string($0) })
    }
    emit("llm.start", .object(data), .start, at: moment)
  }

  /// Takes a piece; `flush` tells it.
  mutating func take(_ delta: ReplyAssembler.Delta, index: Int, at moment: Moment) {
    guard capture == .full, emitter.hasExporters else { return }
    if let last = open, last.delta.continues(with: delta), last.delta.text.utf8.count < 64 << 10 {
      open?.delta.text += delta.text
      open?.count += 1
      return
    }
    flush(at: moment)
    open = (delta, index, 1)
  }

  mutating func flush(at moment: Moment) {
    guard let (delta, index, count) = open.take() else { return }
    var data: JSONObject = ["channel": .string(delta.channel.rawValue), "text": .string(delta.text)]
    if delta.choice != 0 { data["choice"] = .int(Int64(delta.choice)) }
    data["tool"] = delta.tool?.json
    emitter.emit(
      Event(
        "llm.delta", .object(data), phase: .delta, time: moment.wall.nanoseconds, context: context,
        index: Int64(index), count: count))
  }

  func usage(_ usage: TokenUsage, cost: Cost, at moment: Moment) {
    emit("llm.usage", usage.json(cost: cost), .usage, at: moment)
  }

  func restart(_ restart: StreamRestart, at moment: Moment) {
    let data: JSONObject = [
      "attempt": .int(Int64(restart.attempt)), "discard_from": .int(Int64(restart.discardFrom)),
      "message": .string(message(of: restart.error)), "code": .string(restart.error.code.description),
    ]
    emit("llm.restart", .object(data), .restart, at: moment)
  }

  func end(_ reply: Reply, status: Int, at moment: Moment) {
    var data = JSONObject()
    data["finish_reason"] = reply.finishReason.map { .string($0) }
    data["response"] = reply.id.map { .string($0) }
    data["model"] = .string(reply.model)
    data["status"] = .int(Int64(status))
    data["usage"] = reply.usage?.json(cost: reply.cost)
    data["timing"] = .object(Self.data(reply.timing))
    if reply.attempts > 1 { data["attempts"] = .int(Int64(reply.attempts)) }
    emit("llm.end", .object(data), .end, at: moment)
  }

  func error(_ error: LLMError, _ partial: Reply, at moment: Moment) {
    let reason =
      switch error.code {
      case .cancelled: "cancelled"
      case .incomplete: "incomplete"
      default: "failed"
      }
    var data: JSONObject = ["reason": .string(reason), "message": .string(message(of: error))]
    data["code"] = .string(
      error.budget == nil ? error.providerCode ?? error.code.description : "budget_exceeded")
    data["budget"] = error.budget.map { .string($0.rawValue) }
    data["status"] = error.status.map { .int(Int64($0)) }
    data["retryable"] = .bool(error.isRetryable)
    data["retry_after_ms"] = error.retryAfter.map { .double(Double($0.nanoseconds / 1000) / 1000) }
    data["usage"] = partial.usage?.json(cost: partial.cost)
    data["timing"] = .object(Self.data(partial.timing))
    emit("llm.error", .object(data), .error, at: moment)
  }

  /// A provider's message may quote the prompt.
  private func message(of error: LLMError) -> String {
    capture == .full || error.status == nil ? error.message : "the provider answered with an error"
  }

  private func emit(_ type: EventType, _ data: JSONValue, _ phase: EventPhase, at moment: Moment) {
    emitter.emit(Event(type, data, phase: phase, time: moment.wall.nanoseconds, context: context))
  }

  private static func data(_ timing: CallTiming) -> JSONObject {
    var data: JSONObject = ["duration_ms": .double(timing.durationMS)]
    data["first_delta_ms"] = timing.firstTokenMS.map { .double($0) }
    if timing.deltas > 0 { data["deltas"] = .int(Int64(timing.deltas)) }
    data["tokens_per_second"] = timing.tokensPerSecond.map { .double($0) }
    return data
  }
}

extension ReplyAssembler.Delta {
  /// The other one goes on where this ends.
  fileprivate func continues(with other: Self) -> Bool {
    channel == other.channel && choice == other.choice && tool?.index == other.tool?.index
      && other.tool?.id == nil && other.tool?.name == nil
  }
}

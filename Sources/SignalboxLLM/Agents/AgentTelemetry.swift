public import Signalbox

/// What a run says, as `docs/agents.md` has it.
struct AgentTelemetry {
  private let agent: Agent
  private let emitter: Emitter

  init(_ agent: Agent) {
    self.agent = agent
    emitter = agent.client.emitter
  }

  private var tellsContent: Bool { agent.client.configuration.capture == .full && emitter.hasExporters }

  // MARK: The run

  func open(_ message: Message) -> ActiveSpan {
    var data = JSONObject()
    if tellsContent { data.add("input", message.text, limit: agent.capture.textBytes) }
    data["model"] = .string(agent.model)
    if !agent.tools.isEmpty { data["tools"] = .array(agent.tools.map { .string($0.name) }) }
    data["limits"] = .object(agent.limits.json)
    return emitter.openSpan(.agent, agent.name, data)
  }

  func turn(_ turn: Int, on span: ActiveSpan) {
    span.emit("agent.turn", ["turn": .int(Int64(turn))], phase: .progress)
  }

  func record(_ reply: AgentReply, on span: ActiveSpan) {
    if tellsContent {
      let (text, original) = reply.text.shortened(to: agent.capture.textBytes)
      span.output(.string(text))
      if let original { span.record("output_bytes", .int(Int64(original))) }
    }
    record(reply.usage, on: span)
  }

  func record(_ usage: AgentUsage, on span: ActiveSpan) {
    span.record("turns", .int(Int64(usage.turns)))
    span.record("tool_calls", .int(Int64(usage.toolCalls)))
    if let tokens = usage.tokens { span.record("usage", tokens.json(cost: usage.cost)) }
  }

  func error(_ cause: LLMError) -> AgentError {
    guard cause.code != .cancelled else {
      var error = AgentError.cancelled
      error.cause = cause
      return error
    }
    var error = AgentError(.modelFailed, "the model failed: \(cause.message)", cause: cause)
    if agent.client.configuration.capture != .full { error.told = "the model failed: \(cause.code)" }
    return error
  }

  func error(_ failed: ToolOutcome) -> AgentError {
    var error = AgentError(.toolFailed, "\(failed.call.name): \(failed.text)")
    if agent.client.configuration.capture != .full { error.told = "\(failed.call.name) failed" }
    return error
  }

  // MARK: Tools

  func open(_ call: ToolCall, _ arguments: JSONValue, _ turn: Int) -> ActiveSpan {
    var data: JSONObject = ["id": .string(call.id)]
    if tellsContent {
      let (value, original) = arguments.shortened(to: agent.capture.toolBytes)
      data["arguments"] = value
      data["arguments_bytes"] = original.map { .int(Int64($0)) }
    }
    data["turn"] = .int(Int64(turn))
    let span = emitter.openSpan(.tool, call.name.shortened(to: 128).text, data)
    span.record("id", .string(call.id))
    span.record("turn", .int(Int64(turn)))
    return span
  }

  func record(result text: String, on span: ActiveSpan) {
    guard tellsContent else { return }
    let (text, original) = text.shortened(to: agent.capture.toolBytes)
    span.record("result", .string(text))
    if let original { span.record("result_bytes", .int(Int64(original))) }
  }
}

extension JSONObject {
  /// Adds a text, cut where it is too long, and then how long it was.
  fileprivate mutating func add(_ name: String, _ text: String, limit: Int) {
    let (text, original) = text.shortened(to: limit)
    self[name] = .string(text)
    self[name + "_bytes"] = original.map { .int(Int64($0)) }
  }
}

extension Agent.Limits {
  fileprivate var json: JSONObject {
    var object: JSONObject = ["turns": .int(Int64(turns)), "tool_calls": .int(Int64(toolCalls))]
    object["seconds"] = budget.seconds.map { .double($0 / .seconds(1)) }
    object["stall_seconds"] = budget.stall.map { .double($0 / .seconds(1)) }
    object["tokens"] = budget.tokens.map { .int($0) }
    object["cost"] = budget.cost.map { .double($0) }
    return object
  }
}

extension AgentError: SpanFailure {
  public var spanReason: SpanReason { isLimit ? .incomplete : code == .cancelled ? .cancelled : .failed }
  public var spanCode: String? { code.description }
  public var spanMessage: String { told ?? message }
}

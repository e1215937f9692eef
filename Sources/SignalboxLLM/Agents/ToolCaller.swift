internal import Signalbox

/// One call of a tool: checks what the model wrote, runs the tool, and tells of it.
struct ToolCaller: Sendable {
  let agent: Agent
  let call: ToolCall
  let turn: Int
  private let arguments: Result<JSONValue, JSONTextError>

  init(agent: Agent, call: ToolCall, turn: Int) {
    self.agent = agent
    self.call = call
    self.turn = turn
    // Models that have nothing to say sometimes say nothing.
    let text = call.arguments.allSatisfy(\.isWhitespace) ? "{}" : call.arguments
    arguments = Result { () throws(JSONTextError) in try JSONValue(parsing: text) }
  }

  /// Opens the call's span in the current context.
  func open() -> ActiveSpan {
    var written = JSONValue.string(call.arguments)
    if case .success(.object(let object)) = arguments { written = .object(object) }
    return AgentTelemetry(agent).open(call, written, turn)
  }

  /// Runs the call in its span.
  func run(_ span: ActiveSpan) async -> ToolOutcome {
    let clock = agent.client.configuration.clock
    let began = clock.steady()
    var outcome: ToolOutcome
    do throws(ToolProblem) {
      let text = try await span.run { span async throws(ToolProblem) -> String in
        let text = try await result(span, clock)
        AgentTelemetry(agent).record(result: text, on: span)
        return text
      }
      outcome = ToolOutcome(call: call, text: text)
    } catch {
      outcome = ToolOutcome(call: call, text: error.message, failure: error.code)
    }
    outcome.durationMS = Double((clock.steady() - began) / 1000) / 1000
    return outcome
  }

  private func result(_ span: ActiveSpan, _ clock: any EventClock) async throws(ToolProblem) -> String {
    let hidesContent = agent.client.configuration.capture != .full
    guard let tool = agent.tools.first(where: { $0.name == call.name }) else {
      let known = agent.tools.isEmpty ? "none" : agent.tools.map(\.name).joined(separator: ", ")
      throw ToolProblem(
        .unknownTool, "there is no tool \"\(call.name.shortened(to: 64).text)\"; there are: \(known)")
    }
    let bound: @Sendable (ToolRun) async throws -> String
    do throws(ToolProblem) {
      switch arguments {
      case .success(let arguments): bound = try tool.prepare(arguments)
      case .failure(let error): throw .invalidArguments("they are no JSON, \(error)")
      }
    } catch {
      throw error.hidden(hidesContent, "the arguments do not fit")
    }
    guard !Task.isCancelled else { throw .cancelled }
    let run = ToolRun(call, turn: turn, span: span)
    let outcome = await within(tool.timeout, clock) { () -> Result<String, any Error> in
      do { return .success(try await bound(run)) } catch { return .failure(error) }
    }
    switch outcome.value {
    case .success(let text): return text.shortened(to: agent.limits.resultBytes).text
    case .failure(let error):
      if outcome.isLate {
        throw ToolProblem(.timeout, "the tool took longer than \(tool.timeout ?? .zero)")
      }
      if error is CancellationError || Task.isCancelled { throw .cancelled }
      let message = "the tool failed: \(error)".shortened(to: agent.limits.resultBytes).text
      throw ToolProblem(.toolFailed, message).hidden(hidesContent, "the tool failed")
    }
  }
}

extension ToolProblem {
  fileprivate static let cancelled = ToolProblem(.cancelled, "the call was cancelled")

  fileprivate func hidden(_ isHidden: Bool, _ told: String) -> ToolProblem {
    guard isHidden else { return self }
    var problem = self
    problem.told = told
    return problem
  }
}

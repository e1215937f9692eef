internal import Signalbox

/// All that a run goes by; decided when it is made.
struct AgentPlan: Sendable {
  let agent: Agent
  let message: Message
  let conversation: Conversation
  let context: Context
}

/// One run: asks the model, runs the tools that it asks for, and again, until it answers.
struct AgentLoop: Sendable {
  let plan: AgentPlan
  let events: Handoff<AgentEvent>

  var agent: Agent { plan.agent }
  var clock: any EventClock { agent.client.configuration.clock }
  var telemetry: AgentTelemetry { AgentTelemetry(agent) }

  /// Runs to the end, which is the last event.
  func run() async {
    let started = clock.steady()
    let last: AgentEvent = await Context.with(plan.context) {
      let span = telemetry.open(plan.message)
      do throws(AgentError) {
        return .complete(
          try await span.run { span async throws(AgentError) -> AgentReply in
            try await work(span, started)
          })
      } catch {
        return .error(error)
      }
    }
    events.finish(last)
  }

  private func work(_ span: ActiveSpan, _ started: Int64) async throws(AgentError) -> AgentReply {
    let outcome = await within(agent.limits.budget.seconds, clock) { await self.loop(span) }
    let duration = Double((clock.steady() - started) / 1000) / 1000
    switch outcome.value {
    case .success(var reply):
      reply.usage.durationMS = duration
      telemetry.record(reply, on: span)
      return reply
    case .failure(var error):
      if outcome.isLate, error.code == .cancelled {
        error.code = .timeLimit
        error.message = agent.limits.budget.sentence(.seconds)
      }
      error.usage.durationMS = duration
      telemetry.record(error.usage, on: span)
      throw error
    }
  }

  private func loop(_ span: ActiveSpan) async -> Result<AgentReply, AgentError> {
    var progress = AgentProgress(plan)
    do throws(AgentError) {
      while true {
        let turn = progress.tally.usage.turns
        progress.tally.usage.turns += 1
        telemetry.turn(turn, on: span)
        await events.send(.turn(turn))
        let reply = try await ask(turn, &progress)
        let calls = progress.take(reply)
        guard !calls.isEmpty else { return .success(progress.reply(reply)) }
        if let error = progress.limit(agent.limits, calls.count) {
          progress.answer(calls, "not run: \(error.message)")
          throw error
        }
        try await callTools(calls, turn, &progress)
      }
    } catch {
      var error = error
      error.conversation = progress.conversation
      error.usage = progress.tally.usage
      return .failure(error)
    }
  }

  private func ask(_ turn: Int, _ progress: inout AgentProgress) async throws(AgentError) -> Reply {
    let request = agent.request(progress.conversation, turn: turn)
    var tally = CallTally()
    do throws(LLMError) {
      let reply = try await agent.client.generate(
        request, streaming: agent.streams,
        on: StreamHandlers(all: { event in
          tally.take(event)
          await events.send(.model(event))
        }))
      tally.add(to: &progress.tally, reply: reply, client: agent.client, model: agent.model)
      return reply
    } catch {
      tally.add(to: &progress.tally, reply: nil, client: agent.client, model: agent.model)
      throw telemetry.error(error)
    }
  }

  // MARK: Tools

  private func callTools(
    _ calls: [ToolCall], _ turn: Int, _ progress: inout AgentProgress
  ) async throws(AgentError) {
    progress.tally.usage.toolCalls += calls.count
    let (outcomes, failed) = await run(calls, turn)
    for (call, outcome) in zip(calls, outcomes) {
      let outcome = outcome ?? ToolOutcome(call: call, text: "not run", failure: .cancelled)
      progress.conversation.messages.append(Message(.tool, [.toolResult(outcome.result)]))
    }
    if Task.isCancelled { throw .cancelled }
    if let failed { throw telemetry.error(failed) }
  }

  /// Runs the calls side by side, and says which of them ended the run. What was not begun has no outcome.
  private func run(
    _ calls: [ToolCall], _ turn: Int
  ) async -> (outcomes: [ToolOutcome?], failed: ToolOutcome?) {
    await withTaskGroup(of: (Int, ToolOutcome).self) { group in
      var outcomes = [ToolOutcome?](repeating: nil, count: calls.count)
      var failed: ToolOutcome?
      var next = 0
      var running = 0
      while true {
        if next < calls.count, running < agent.limits.parallelTools, failed == nil, !Task.isCancelled {
          let place = next
          let caller = ToolCaller(agent: agent, call: calls[place], turn: turn)
          // Opened here, so that starts come in the order of the calls.
          let span = caller.open()
          group.addTask { (place, await caller.run(span)) }
          next += 1
          running += 1
          await events.send(.toolStart(calls[place]))
          continue
        }
        guard let (place, outcome) = await group.next() else { return (outcomes, failed) }
        running -= 1
        outcomes[place] = outcome
        await events.send(.toolEnd(outcome))
        if agent.toolFailures == .fail, failed == nil, outcome.endsRun {
          failed = outcome
          group.cancelAll()
        }
      }
    }
  }
}

extension ToolOutcome {
  /// The tool itself failed; what the model got wrong is told to it in any case.
  fileprivate var endsRun: Bool { failure == .toolFailed || failure == .timeout }
}

extension Agent {
  /// What the model is asked in a turn.
  fileprivate func request(_ conversation: Conversation, turn: Int) -> LLMRequest {
    var messages = conversation.messages
    if let instructions { messages.insert(.system(instructions), at: 0) }
    var options = options
    options.tools = tools.map(\.definition)
    // A model that must call a tool in every turn would never answer.
    if tools.isEmpty || turn > 0, options.toolChoice != .never { options.toolChoice = nil }
    if let stall = limits.budget.stall {
      var timeouts = options.timeouts ?? client.configuration.timeouts
      timeouts.firstByte = min(timeouts.firstByte ?? stall, stall)
      timeouts.idle = min(timeouts.idle ?? stall, stall)
      options.timeouts = timeouts
    }
    return LLMRequest(model: model, messages, options: options)
  }
}

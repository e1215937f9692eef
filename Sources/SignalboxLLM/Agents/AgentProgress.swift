internal import Signalbox

/// How far a run is.
struct AgentProgress {
  var conversation: Conversation
  var tally = AgentTally()
  /// Ids of tool calls that are taken.
  private var ids: Set<String> = []

  init(_ plan: AgentPlan) {
    conversation = plan.conversation
    conversation.messages.append(plan.message)
    for message in plan.conversation.messages {
      for case .toolCall(let call) in message.content { ids.insert(call.id) }
    }
  }

  /// Remembers a reply; its tool calls, each with an id of its own: some providers give none, and some the same again.
  mutating func take(_ reply: Reply) -> [ToolCall] {
    var reply = reply
    for place in reply.toolCalls.indices {
      let given = reply.toolCalls[place].id
      var number = 1
      while !ids.insert(reply.toolCalls[place].id).inserted {
        number += 1
        reply.toolCalls[place].id = "\(given)-\(number)"
      }
    }
    var answer = Message.assistant(reply)
    if answer.content.isEmpty, let refusal = reply.refusal { answer = .assistant(refusal) }
    // Nothing at all is no message.
    if !answer.content.isEmpty { conversation.messages.append(answer) }
    return reply.toolCalls
  }

  /// Answers calls that were not run, so that the conversation can go on.
  mutating func answer(_ calls: [ToolCall], _ text: String) {
    for call in calls { conversation.messages.append(.tool(text, for: call, isError: true)) }
  }

  /// The limit that keeps the run from going on with so many tool calls; nil: none.
  func limit(_ limits: Agent.Limits, _ calls: Int) -> AgentError? {
    let usage = tally.usage
    switch limits.budget.exceeded(tokens: usage.tokens?.total, cost: usage.cost.amount) {
    case .tokens: return AgentError(.tokenLimit, limits.budget.sentence(.tokens))
    case .cost: return AgentError(.costLimit, limits.budget.sentence(.cost))
    case .seconds, .stall, nil: break
    }
    if usage.turns >= limits.turns {
      let turns = limits.turns == 1 ? "1 turn" : "\(limits.turns) turns"
      return AgentError(.turnLimit, "the model still asks for tools after \(turns)")
    }
    guard usage.toolCalls + calls > limits.toolCalls else { return nil }
    return AgentError(
      .toolCallLimit,
      "the model asks for \(usage.toolCalls + calls) tool calls, more than \(limits.toolCalls)")
  }

  func reply(_ last: Reply) -> AgentReply {
    AgentReply(
      text: last.text.isEmpty ? last.refusal ?? "" : last.text, reply: last, conversation: conversation,
      usage: tally.usage)
  }
}

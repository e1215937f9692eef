internal import Signalbox
internal import Wire

/// A request of Anthropic Messages: https://docs.anthropic.com/en/api/messages
enum MessagesBody {
  static func write(_ plan: inout RequestPlan) -> SharedBytes {
    let thinking = AnthropicThinking(&plan)
    let plan = plan
    let (system, turns) = plan.conversation
    return BodyWriter.object(merging: plan.request.options.extra) { body in
      body.member("model", plan.request.model)
      body.member("max_tokens", thinking.maxTokens)
      if !system.isEmpty { body.member("system", system) }
      body.array("messages", turns) { array, turn in
        array.element {
          $0.member("role", turn.isModel ? "assistant" : "user")
          write(turn.content, to: &$0)
        }
      }
      if plan.isStream { body.member("stream", true) }
      // Thinking and temperature exclude each other.
      if !thinking.isOn {
        body.member("temperature", plan.temperature)
        body.member("top_p", plan.topP)
      }
      body.member("stop_sequences", plan.stop)
      writeTools(plan, to: &body)
      thinking.write(to: &body)
      writeOutput(plan, thinking, to: &body)
      if let user = plan.user { body.object("metadata") { $0.member("user_id", user) } }
    }
  }

  private static func write(_ content: [ContentPart], to body: inout BodyWriter) {
    if content.count == 1, case .text(let text) = content[0] { return body.member("content", text) }
    body.array("content", content) { array, part in
      if case .reasoning(let block) = part,
        block.signature == nil || block.isKept && block.kept("data") == nil
      {
        return
      }
      array.element { write(part, to: &$0) }
    }
  }

  private static func write(_ part: ContentPart, to body: inout BodyWriter) {
    switch part {
    case .text(let text):
      body.member("type", "text")
      body.member("text", text)
    case .image(let image):
      body.member("type", "image")
      body.object("source") {
        switch image.source {
        case .url(let url):
          $0.member("type", "url")
          $0.member("url", url)
        case .bytes(let bytes, let mediaType):
          $0.member("type", "base64")
          $0.member("media_type", mediaType)
          $0.member("data", base64: bytes)
        }
      }
    case .reasoning(let block) where block.isKept:
      body.member("type", "redacted_thinking")
      body.member("data", block.kept("data"))
    case .reasoning(let block):
      body.member("type", "thinking")
      body.member("thinking", block.text)
      body.member("signature", block.signature)
    case .toolCall(let call):
      body.member("type", "tool_use")
      body.member("id", call.id)
      body.member("name", call.name)
      body.member("input", arguments: call.arguments)
    case .toolResult(let result):
      body.member("type", "tool_result")
      body.member("tool_use_id", result.callID)
      body.member("content", result.text)
      if result.isError { body.member("is_error", true) }
    }
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    guard !plan.tools.isEmpty else { return }
    body.array("tools", plan.tools) { array, tool in
      array.element {
        $0.member("name", tool.name)
        $0.member("description", tool.description)
        $0.member("input_schema", json: tool.schema)
        $0.member("strict", tool.strict)
      }
    }
    let choice = plan.toolChoice ?? (plan.parallelToolCalls == nil ? nil : .auto)
    guard let choice else { return }
    body.object("tool_choice") {
      switch choice {
      case .auto: $0.member("type", "auto")
      case .required: $0.member("type", "any")
      case .never: return $0.member("type", "none")
      case .tool(let name):
        $0.member("type", "tool")
        $0.member("name", name)
      }
      $0.member("disable_parallel_tool_use", plan.parallelToolCalls.map { !$0 })
    }
  }

  private static func writeOutput(
    _ plan: RequestPlan, _ thinking: AnthropicThinking, to body: inout BodyWriter
  ) {
    var schema: JSONValue?
    if case .jsonSchema(_, let asked, _) = plan.format { schema = asked }
    guard schema != nil || thinking.effort != nil else { return }
    body.object("output_config") {
      $0.member("effort", thinking.effort)
      if let schema {
        $0.object("format") {
          $0.member("type", "json_schema")
          $0.member("schema", json: schema)
        }
      }
    }
  }
}

/// How a Claude model is told to think: https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
struct AnthropicThinking {
  private enum Kind {
    case unsaid, disabled, adaptive
    case budget(Int)
  }

  private var kind = Kind.unsaid
  /// For `output_config`.
  private(set) var effort: String?
  let maxTokens: Int

  /// Takes the reasoning that was asked for; notes it as dropped where it does not fit into `maxTokens`.
  init(_ plan: inout RequestPlan) {
    var budget = 0
    if let asked = plan.reasoning {
      switch plan.traits.thinking {
      case .adaptive, .effort:
        kind = asked == .off ? .disabled : .adaptive
        effort = asked == .off ? nil : asked == .minimal ? ReasoningEffort.low.description : asked.description
      case .budget:
        budget = ThinkingBudget.tokens(asked) ?? ThinkingBudget.least
        // The budget counts into the limit and must be less.
        if let limit = plan.maxTokens { budget = min(budget, limit - 1) }
        if budget >= ThinkingBudget.least {
          kind = .budget(budget)
        } else if asked != .off {
          plan.drop("reasoning")
        }
      }
    }
    if case .budget = kind {} else { budget = 0 }
    maxTokens = plan.maxTokens ?? plan.traits.defaultMaxTokens + budget
  }

  var isOn: Bool {
    switch kind {
    case .adaptive, .budget: true
    case .unsaid, .disabled: false
    }
  }

  func write(to body: inout BodyWriter) {
    switch kind {
    case .unsaid: break
    case .disabled: body.object("thinking") { $0.member("type", "disabled") }
    case .adaptive:
      body.object("thinking") {
        $0.member("type", "adaptive")
        // Newer models keep their thoughts to themselves unless they are asked.
        $0.member("display", "summarized")
      }
    case .budget(let tokens):
      body.object("thinking") {
        $0.member("type", "enabled")
        $0.member("budget_tokens", tokens)
      }
    }
  }
}

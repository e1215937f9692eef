internal import Signalbox
internal import Wire

/// A request of OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat/create
enum ChatBody {
  static func write(_ plan: RequestPlan) -> SharedBytes {
    let options = plan.request.options
    let capabilities = plan.provider.capabilities
    return BodyWriter.object(merging: options.extra) { body in
      body.member("model", plan.request.model)
      writeMessages(plan, to: &body)
      if plan.isStream {
        body.member("stream", true)
        if capabilities.contains(.streamingUsage) {
          body.object("stream_options") { $0.member("include_usage", true) }
        }
      }
      body.member(
        capabilities.contains(.maxCompletionTokens) ? "max_completion_tokens" : "max_tokens", plan.maxTokens)
      body.member("temperature", plan.temperature)
      body.member("top_p", plan.topP)
      body.member("stop", plan.stop)
      body.member("seed", plan.seed.map { Int($0) })
      body.member("n", plan.choices)
      writeTools(plan, to: &body)
      writeFormat(plan, to: &body)
      if let effort = plan.reasoning?.description {
        if plan.provider.dialect == .openRouter {
          body.object("reasoning") { $0.member("effort", effort) }
        } else {
          body.member("reasoning_effort", effort)
        }
      }
      body.member("user", plan.user)
      body.member("metadata", plan.metadata)
    }
  }

  private static func writeMessages(_ plan: RequestPlan, to body: inout BodyWriter) {
    var messages = plan.request.messages
    if let instruction = plan.jsonInstruction { messages.insert(.system(instruction), at: 0) }
    let knowsDeveloper = plan.provider.capabilities.contains(.developerRole)
    body.array("messages", messages) { array, message in
      switch message.role {
      case .tool: writeResults(message, to: &array)
      case .assistant: array.element { writeAnswer(message, withReasoning: !knowsDeveloper, to: &$0) }
      case .developer where !knowsDeveloper: array.element { write(message, as: "system", to: &$0) }
      case .system, .developer, .user: array.element { write(message, as: message.role.rawValue, to: &$0) }
      }
    }
  }

  private static func write(_ message: Message, as role: String, to body: inout BodyWriter) {
    body.member("role", role)
    let isPlain = message.content.allSatisfy { if case .text = $0 { true } else { false } }
    if isPlain { return body.member("content", message.text) }
    body.array("content", message.content) { array, part in
      switch part {
      case .text(let text):
        array.element {
          $0.member("type", "text")
          $0.member("text", text)
        }
      case .image(let image):
        array.element {
          $0.member("type", "image_url")
          $0.object("image_url") { $0.member(url: image, as: "url", detail: image.detail) }
        }
      case .reasoning, .toolCall, .toolResult: break
      }
    }
  }

  private static func writeAnswer(
    _ message: Message, withReasoning: Bool, to body: inout BodyWriter
  ) {
    let calls = message.toolCalls
    body.member("role", "assistant")
    let text = message.text
    if text.isEmpty, !calls.isEmpty {
      body.member("content", json: .null)
    } else {
      body.member("content", text)
    }
    guard !calls.isEmpty else { return }
    // Servers that show their reasoning want it back while tools are called; OpenAI itself shows none here.
    let reasoning = message.reasoning.map(\.text).joined()
    if withReasoning, !reasoning.isEmpty { body.member("reasoning_content", reasoning) }
    body.array("tool_calls", calls) { array, call in
      array.element {
        $0.member("id", call.id)
        $0.member("type", "function")
        $0.object("function") {
          $0.member("name", call.name)
          $0.member("arguments", call.arguments)
        }
      }
    }
  }

  /// A message a result.
  private static func writeResults(_ message: Message, to array: inout BodyWriter) {
    for result in message.toolResults {
      array.element {
        $0.member("role", "tool")
        $0.member("tool_call_id", result.callID)
        $0.member("content", result.text)
      }
    }
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    guard !plan.tools.isEmpty else { return }
    body.array("tools", plan.tools) { array, tool in
      array.element {
        $0.member("type", "function")
        $0.object("function") {
          $0.member("name", tool.name)
          $0.member("description", tool.description)
          $0.member("parameters", json: tool.schema)
          $0.member("strict", tool.strict)
        }
      }
    }
    switch plan.toolChoice {
    case .auto?: body.member("tool_choice", "auto")
    case .required?: body.member("tool_choice", "required")
    case .never?: body.member("tool_choice", "none")
    case .tool(let name)?:
      body.object("tool_choice") {
        $0.member("type", "function")
        $0.object("function") { $0.member("name", name) }
      }
    case nil: break
    }
    body.member("parallel_tool_calls", plan.parallelToolCalls)
  }

  private static func writeFormat(_ plan: RequestPlan, to body: inout BodyWriter) {
    switch plan.format {
    case .text: break
    case .json:
      guard plan.provider.capabilities.contains(.json) else { return }
      body.object("response_format") { $0.member("type", "json_object") }
    case .jsonSchema(let name, let schema, let strict):
      body.object("response_format") {
        $0.member("type", "json_schema")
        $0.object("json_schema") {
          $0.member("name", name)
          $0.member("schema", json: schema)
          $0.member("strict", strict)
        }
      }
    }
  }
}

extension BodyWriter {
  /// An image as a URL, which holds it where it is sent along.
  mutating func member(url image: ImageContent, as name: StaticString, detail: String?) {
    switch image.source {
    case .url(let url): member(name, url)
    case .bytes(let bytes, let mediaType): member(name, "data:\(mediaType);base64,", base64: bytes)
    }
    member("detail", detail)
  }
}

extension Message {
  var toolCalls: [ToolCall] {
    content.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
  }

  var toolResults: [ToolResult] {
    content.compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
  }

  var reasoning: [ReasoningBlock] {
    content.compactMap { if case .reasoning(let block) = $0 { block } else { nil } }
  }
}

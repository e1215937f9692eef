internal import Signalbox
internal import Wire

/// A request of Bedrock Converse:
/// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
enum ConverseBody {
  static func write(_ plan: inout RequestPlan) -> SharedBytes {
    let isClaude = plan.request.model.contains("claude")
    let thinking = isClaude ? AnthropicThinking(&plan) : nil
    if thinking == nil, plan.reasoning != nil { plan.drop("reasoning") }
    let plan = plan
    let (system, turns) = plan.conversation
    return BodyWriter.object(merging: plan.request.options.extra) { body in
      body.array("messages", turns) { array, turn in
        array.element {
          $0.member("role", turn.isModel ? "assistant" : "user")
          $0.array("content", turn.content) { write($1, to: &$0) }
        }
      }
      if !system.isEmpty {
        body.array("system", [system]) { array, text in array.element { $0.member("text", text) } }
      }
      body.object("inferenceConfig", optional: true) {
        $0.member("maxTokens", thinking?.isOn == true ? thinking?.maxTokens : plan.maxTokens)
        if thinking?.isOn != true {
          $0.member("temperature", plan.temperature)
          $0.member("topP", plan.topP)
        }
        $0.member("stopSequences", plan.stop)
      }
      writeTools(plan, to: &body)
      writeOutput(plan, thinking, to: &body)
      if let thinking, thinking.isOn {
        body.object("additionalModelRequestFields") { thinking.write(to: &$0) }
      }
      body.member("requestMetadata", plan.metadata)
    }
  }

  private static func write(_ part: ContentPart, to array: inout BodyWriter) {
    switch part {
    case .text(let text): array.element { $0.member("text", text) }
    case .image(let image):
      guard case .bytes(let bytes, let mediaType) = image.source else { return }
      array.element {
        $0.object("image") {
          $0.member("format", format(mediaType))
          $0.object("source") { $0.member("bytes", base64: bytes) }
        }
      }
    case .reasoning(let block):
      if let redacted = block.kept("redactedContent") {
        return array.element { $0.object("reasoningContent") { $0.member("redactedContent", redacted) } }
      }
      guard let signature = block.signature, !block.isKept else { return }
      array.element {
        $0.object("reasoningContent") {
          $0.object("reasoningText") {
            $0.member("text", block.text)
            $0.member("signature", signature)
          }
        }
      }
    case .toolCall(let call):
      array.element {
        $0.object("toolUse") {
          $0.member("toolUseId", call.id)
          $0.member("name", call.name)
          $0.member("input", arguments: call.arguments)
        }
      }
    case .toolResult(let result):
      array.element {
        $0.object("toolResult") {
          $0.member("toolUseId", result.callID)
          $0.array("content", [result.text]) { array, text in array.element { $0.member("text", text) } }
          if result.isError { $0.member("status", "error") }
        }
      }
    }
  }

  /// `png`, `jpeg`, `gif` or `webp`.
  private static func format(_ mediaType: String) -> String {
    String(mediaType.split(separator: "/").last ?? "png")
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    // It has no way to be told not to call: without tools it will not; but where tools were called before, they
    // must be named.
    let isForbidden = plan.toolChoice == .never && !plan.request.messages.contains { !$0.toolCalls.isEmpty }
    guard !plan.tools.isEmpty, !isForbidden else { return }
    body.object("toolConfig") {
      $0.array("tools", plan.tools) { array, tool in
        array.element {
          $0.object("toolSpec") {
            $0.member("name", tool.name)
            if !tool.description.isEmpty { $0.member("description", tool.description) }
            $0.object("inputSchema") { $0.member("json", json: tool.schema) }
            $0.member("strict", tool.strict)
          }
        }
      }
      guard let choice = plan.toolChoice, choice != .never else { return }
      $0.object("toolChoice") {
        switch choice {
        case .auto: $0.object("auto") { _ in }
        case .required: $0.object("any") { _ in }
        case .tool(let name): $0.object("tool") { $0.member("name", name) }
        case .never: break
        }
      }
    }
  }

  private static func writeOutput(
    _ plan: RequestPlan, _ thinking: AnthropicThinking?, to body: inout BodyWriter
  ) {
    var structure: (name: String, schema: JSONValue)?
    if case .jsonSchema(let name, let schema, _) = plan.format { structure = (name, schema) }
    guard structure != nil || thinking?.effort != nil else { return }
    body.object("outputConfig") {
      $0.member("effort", thinking?.effort)
      guard let structure else { return }
      $0.object("textFormat") {
        $0.member("type", "json_schema")
        $0.object("structure") {
          $0.object("jsonSchema") {
            $0.member("name", structure.name)
            // The schema as a text, not as an object.
            $0.member("schema", structure.schema.description)
          }
        }
      }
    }
  }
}

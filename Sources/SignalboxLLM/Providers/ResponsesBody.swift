internal import Signalbox
internal import Wire

/// A request of OpenAI Responses: https://platform.openai.com/docs/api-reference/responses/create
enum ResponsesBody {
  static func write(_ plan: RequestPlan) -> SharedBytes {
    BodyWriter.object(merging: plan.request.options.extra) { body in
      body.member("model", plan.request.model)
      body.array("input", plan.request.messages) { write($1, to: &$0) }
      if plan.isStream { body.member("stream", true) }
      body.member("max_output_tokens", plan.maxTokens)
      body.member("temperature", plan.temperature)
      body.member("top_p", plan.topP)
      writeTools(plan, to: &body)
      writeFormat(plan, to: &body)
      if let effort = plan.reasoning { body.object("reasoning") { $0.member("effort", effort.description) } }
      // Lets reasoning be handed back in the next request, whether or not OpenAI stores this one.
      if plan.traits.refusesSampling { body.member("include", ["reasoning.encrypted_content"]) }
      body.member("user", plan.user)
      body.member("metadata", plan.metadata)
    }
  }

  /// A message is an item, and so is each of its tool calls, results and pieces of reasoning.
  private static func write(_ message: Message, to array: inout BodyWriter) {
    for block in message.reasoning {
      guard let signature = block.signature else { continue }
      array.element {
        $0.member("type", "reasoning")
        $0.array("summary", block.text.isEmpty ? [] : [block.text]) { array, text in
          array.element {
            $0.member("type", "summary_text")
            $0.member("text", text)
          }
        }
        $0.member("encrypted_content", signature)
      }
    }
    let shown = message.content.filter {
      switch $0 {
      case .text, .image: true
      default: false
      }
    }
    if !shown.isEmpty { array.element { write(shown, of: message, to: &$0) } }
    for call in message.toolCalls {
      array.element {
        $0.member("type", "function_call")
        $0.member("call_id", call.id)
        $0.member("name", call.name)
        $0.member("arguments", call.arguments)
      }
    }
    for result in message.toolResults {
      array.element {
        $0.member("type", "function_call_output")
        $0.member("call_id", result.callID)
        $0.member("output", result.text)
      }
    }
  }

  private static func write(_ parts: [ContentPart], of message: Message, to body: inout BodyWriter) {
    body.member("role", message.role == .tool ? "user" : message.role.rawValue)
    let isPlain = parts.allSatisfy { if case .text = $0 { true } else { false } }
    if isPlain { return body.member("content", message.text) }
    body.array("content", parts) { array, part in
      switch part {
      case .text(let text):
        array.element {
          $0.member("type", "input_text")
          $0.member("text", text)
        }
      case .image(let image):
        array.element {
          $0.member("type", "input_image")
          $0.member(url: image, as: "image_url", detail: image.detail ?? "auto")
        }
      default: break
      }
    }
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    guard !plan.tools.isEmpty else { return }
    body.array("tools", plan.tools) { array, tool in
      array.element {
        $0.member("type", "function")
        $0.member("name", tool.name)
        $0.member("description", tool.description)
        $0.member("parameters", json: tool.schema)
        // Strict unless it is said not to be, which other APIs are not.
        $0.member("strict", tool.strict ?? false)
      }
    }
    switch plan.toolChoice {
    case .auto?: body.member("tool_choice", "auto")
    case .required?: body.member("tool_choice", "required")
    case .never?: body.member("tool_choice", "none")
    case .tool(let name)?:
      body.object("tool_choice") {
        $0.member("type", "function")
        $0.member("name", name)
      }
    case nil: break
    }
    body.member("parallel_tool_calls", plan.parallelToolCalls)
  }

  private static func writeFormat(_ plan: RequestPlan, to body: inout BodyWriter) {
    switch plan.format {
    case .text: break
    case .json:
      body.object("text") { $0.object("format") { $0.member("type", "json_object") } }
    case .jsonSchema(let name, let schema, let strict):
      body.object("text") {
        $0.object("format") {
          $0.member("type", "json_schema")
          $0.member("name", name)
          $0.member("schema", json: schema)
          $0.member("strict", strict)
        }
      }
    }
  }
}

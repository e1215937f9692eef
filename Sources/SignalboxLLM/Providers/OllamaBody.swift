internal import Signalbox
internal import Wire

/// A request of Ollama's chat: https://github.com/ollama/ollama/blob/main/docs/api.md
enum OllamaBody {
  static func write(_ plan: RequestPlan) -> SharedBytes {
    BodyWriter.object(merging: plan.request.options.extra) { body in
      body.member("model", plan.request.model)
      body.array("messages", plan.request.messages) { write($1, to: &$0) }
      // It streams unless it is told not to.
      body.member("stream", plan.isStream)
      writeTools(plan, to: &body)
      switch plan.format {
      case .text: break
      case .json: body.member("format", "json")
      case .jsonSchema(_, let schema, _): body.member("format", json: schema)
      }
      if let effort = plan.reasoning { body.member("think", json: think(effort, plan.request.model)) }
      body.object("options", optional: true) {
        $0.member("num_predict", plan.maxTokens)
        $0.member("temperature", plan.temperature)
        $0.member("top_p", plan.topP)
        $0.member("stop", plan.stop)
        $0.member("seed", plan.seed.map { Int($0) })
      }
    }
  }

  /// Only gpt-oss knows steps; it cannot do without.
  private static func think(_ effort: ReasoningEffort, _ model: String) -> JSONValue {
    guard model.lowercased().contains("gpt-oss") else { return .bool(effort != .off) }
    switch effort {
    case .off, .minimal: return "low"
    case .xhigh, .max: return "high"
    default: return .string(effort.description)
    }
  }

  private static func write(_ message: Message, to array: inout BodyWriter) {
    if message.role == .tool {
      for result in message.toolResults {
        array.element {
          $0.member("role", "tool")
          $0.member("content", result.text)
          $0.member("tool_name", result.name)
        }
      }
      return
    }
    array.element {
      $0.member("role", message.role == .developer ? "system" : message.role.rawValue)
      $0.member("content", message.text)
      let thinking = message.reasoning.map(\.text).joined()
      if !thinking.isEmpty { $0.member("thinking", thinking) }
      let images = message.content.compactMap(\.imageBytes)
      if !images.isEmpty { $0.array("images", images) { $0.element(base64: $1) } }
      let calls = message.toolCalls
      guard !calls.isEmpty else { return }
      $0.array("tool_calls", calls) { array, call in
        array.element {
          $0.object("function") {
            $0.member("name", call.name)
            $0.member("arguments", arguments: call.arguments)
          }
        }
      }
    }
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    // It has no way to be told not to call: without tools it will not.
    guard !plan.tools.isEmpty, plan.toolChoice != .never else { return }
    body.array("tools", plan.tools) { array, tool in
      array.element {
        $0.member("type", "function")
        $0.object("function") {
          $0.member("name", tool.name)
          $0.member("description", tool.description)
          $0.member("parameters", json: tool.schema)
        }
      }
    }
  }
}

extension ContentPart {
  var imageBytes: [UInt8]? {
    if case .image(let image) = self, case .bytes(let bytes, _) = image.source { bytes } else { nil }
  }

  var imageURL: String? {
    if case .image(let image) = self, case .url(let url) = image.source { url } else { nil }
  }
}

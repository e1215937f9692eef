internal import JSONScan
internal import Signalbox
internal import Wire

/// A request of Gemini generateContent: https://ai.google.dev/api/generate-content
enum GeminiBody {
  static func write(_ plan: RequestPlan) -> SharedBytes {
    let (system, turns) = plan.conversation
    return BodyWriter.object(merging: plan.request.options.extra) { body in
      body.array("contents", turns) { array, turn in
        array.element {
          $0.member("role", turn.isModel ? "model" : "user")
          write(turn, to: &$0)
        }
      }
      if !system.isEmpty {
        body.object("systemInstruction") { $0.array("parts", [system]) { $0.element(text: $1) } }
      }
      writeTools(plan, to: &body)
      writeConfig(plan, to: &body)
    }
  }

  private static func write(_ turn: RequestPlan.Turn, to body: inout BodyWriter) {
    // A signature goes back on the part that it came with: the first call of the turn, else its last text.
    var signature = turn.isModel ? turn.content.lazy.compactMap(\.signature).last : nil
    let lastText = turn.content.lastIndex { if case .text = $0 { true } else { false } }
    let hasCalls = turn.content.contains { if case .toolCall = $0 { true } else { false } }
    body.array("parts", Array(turn.content.enumerated())) { array, part in
      switch part.element {
      case .text(let text):
        array.element {
          $0.member("text", text)
          if !hasCalls, part.offset == lastText { $0.member("thoughtSignature", signature) }
        }
      case .image(let image): array.element { write(image, to: &$0) }
      case .reasoning: break
      case .toolCall(let call):
        array.element {
          $0.object("functionCall") {
            $0.member("id", call.id)
            $0.member("name", call.name)
            $0.member("args", arguments: call.arguments)
          }
          $0.member("thoughtSignature", signature)
        }
        signature = nil
      case .toolResult(let result):
        array.element {
          $0.object("functionResponse") {
            $0.member("id", result.callID)
            $0.member("name", result.name)
            $0.object("response") { $0.member(result.isError ? "error" : "output", result.text) }
          }
        }
      }
    }
  }

  private static func write(_ image: ImageContent, to body: inout BodyWriter) {
    switch image.source {
    case .url(let url): body.object("fileData") { $0.member("fileUri", url) }
    case .bytes(let bytes, let mediaType):
      body.object("inlineData") {
        $0.member("mimeType", mediaType)
        $0.member("data", base64: bytes)
      }
    }
  }

  private static func writeTools(_ plan: RequestPlan, to body: inout BodyWriter) {
    guard !plan.tools.isEmpty else { return }
    body.array("tools", [plan.tools]) { array, tools in
      array.element {
        $0.array("functionDeclarations", tools) { array, tool in
          array.element {
            $0.member("name", tool.name)
            $0.member("description", tool.description)
            $0.member("parametersJsonSchema", json: tool.schema)
          }
        }
      }
    }
    guard let choice = plan.toolChoice else { return }
    body.object("toolConfig") {
      $0.object("functionCallingConfig") {
        switch choice {
        case .auto: $0.member("mode", "AUTO")
        case .required: $0.member("mode", "ANY")
        case .never: $0.member("mode", "NONE")
        case .tool(let name):
          $0.member("mode", "ANY")
          $0.member("allowedFunctionNames", [name])
        }
      }
    }
  }

  private static func writeConfig(_ plan: RequestPlan, to body: inout BodyWriter) {
    body.object("generationConfig", optional: true) { config in
      config.member("maxOutputTokens", plan.maxTokens)
      config.member("temperature", plan.temperature)
      config.member("topP", plan.topP)
      config.member("stopSequences", plan.stop)
      config.member("seed", plan.seed.map { Int($0) })
      config.member("candidateCount", plan.choices)
      switch plan.format {
      case .text: break
      case .json: config.member("responseMimeType", "application/json")
      case .jsonSchema(_, let schema, _):
        config.member("responseMimeType", "application/json")
        config.member("responseJsonSchema", json: schema)
      }
      guard let effort = plan.reasoning else { return }
      config.object("thinkingConfig") {
        if plan.traits.thinking == .budget {
          $0.member("thinkingBudget", ThinkingBudget.tokens(effort) ?? -1)
        } else {
          $0.member("thinkingLevel", level(effort))
        }
        // A thought that cannot be seen cannot be watched.
        if effort != .off { $0.member("includeThoughts", true) }
      }
    }
  }

  /// These models cannot be told not to think at all.
  private static func level(_ effort: ReasoningEffort) -> String {
    switch effort {
    case .off: "minimal"
    case .xhigh, .max: "high"
    default: effort.description
    }
  }
}

extension BodyWriter {
  fileprivate mutating func element(text: String) { element { $0.member("text", text) } }
}

extension ContentPart {
  fileprivate var signature: String? {
    if case .reasoning(let block) = self { block.signature } else { nil }
  }
}

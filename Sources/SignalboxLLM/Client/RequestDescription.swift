internal import Signalbox

extension JSONObject {
  /// Most bytes of texts of an event's `input`; what is over is cut.
  private static var inputLimit: Int { 256 << 10 }

  /// Adds `input`, `tools` and `options` of a request, for its start event. Images are told by kind and size.
  mutating func describe(_ request: LLMRequest) {
    var budget = Self.inputLimit
    var size = 0
    self["input"] = .array(request.messages.map { $0.described(&budget, &size) })
    if size > Self.inputLimit { self["input_bytes"] = .int(Int64(size)) }
    let options = request.options
    if !options.tools.isEmpty { self["tools"] = .array(options.tools.map { .string($0.name) }) }
    let described = options.described
    if !described.members.isEmpty { self["options"] = .object(described) }
  }
}

extension Message {
  fileprivate func described(_ budget: inout Int, _ size: inout Int) -> JSONValue {
    func cut(_ text: String) -> JSONValue {
      size += text.utf8.count
      guard text.utf8.count > budget else {
        budget -= text.utf8.count
        return .string(text)
      }
      defer { budget = 0 }
      return .string(text.shortened(to: max(budget, 3)).text)
    }
    var object: JSONObject = ["role": .string(role.rawValue)]
    let isPlain = content.allSatisfy { if case .text = $0 { true } else { false } }
    guard !isPlain else {
      object["content"] = cut(text)
      return .object(object)
    }
    object["content"] = .array(
      content.map { part in
        switch part {
        case .text(let text): ["type": "text", "text": cut(text)]
        case .image(let image):
          switch image.source {
          case .url(let url): ["type": "image", "url": cut(url)]
          case .bytes(let bytes, let mediaType):
            ["type": "image", "media_type": .string(mediaType), "bytes": .int(Int64(bytes.count))]
          }
        case .reasoning(let block): ["type": "reasoning", "text": cut(block.text)]
        case .toolCall(let call):
          [
            "type": "tool_call", "id": .string(call.id), "name": .string(call.name),
            "arguments": cut(call.arguments),
          ]
        case .toolResult(let result):
          [
            "type": "tool_result", "id": .string(result.callID), "name": .string(result.name),
            "text": cut(result.text),
          ]
        }
      })
    return .object(object)
  }
}

extension GenerationOptions {
  /// What was asked for, in OpenAI's names.
  fileprivate var described: JSONObject {
    var object = JSONObject()
    object["max_tokens"] = maxTokens.map { .int(Int64($0)) }
    object["temperature"] = temperature.map { .double($0) }
    object["top_p"] = topP.map { .double($0) }
    if !stop.isEmpty { object["stop"] = .array(stop.map { .string($0) }) }
    object["seed"] = seed.map { .int($0) }
    object["tool_choice"] = toolChoice.map { .string($0.described) }
    object["parallel_tool_calls"] = parallelToolCalls.map { .bool($0) }
    switch format {
    case .text: break
    case .json: object["format"] = "json"
    case .jsonSchema(let name, _, _): object["format"] = .string("json_schema \(name)")
    }
    object["reasoning_effort"] = reasoning.map { .string($0.description) }
    object["n"] = choices.map { .int(Int64($0)) }
    object["user"] = user.map { .string($0) }
    if !metadata.isEmpty {
      object["metadata"] = .object(
        JSONObject(metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
    // By name: what they hold may be long, and nobody said that it may be told.
    if !extra.members.isEmpty { object["extra"] = .array(extra.members.map { .string($0.0) }) }
    return object
  }
}

extension ToolChoice {
  fileprivate var described: String {
    switch self {
    case .auto: "auto"
    case .required: "required"
    case .never: "none"
    case .tool(let name): name
    }
  }
}

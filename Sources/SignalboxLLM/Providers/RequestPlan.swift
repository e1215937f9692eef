internal import Signalbox

/// A request as this provider and model can take it, and what had to be left out.
struct RequestPlan {
  let request: LLMRequest
  let isStream: Bool
  let provider: Provider
  let traits: ModelTraits
  /// Options that were given and are not sent, by their names in `GenerationOptions`.
  private(set) var dropped: [String] = []

  let maxTokens: Int?
  private(set) var temperature: Double?
  private(set) var topP: Double?
  private(set) var stop: [String]?
  private(set) var seed: Int64?
  private(set) var choices: Int?
  private(set) var tools: [ToolDefinition] = []
  private(set) var toolChoice: ToolChoice?
  private(set) var parallelToolCalls: Bool?
  private(set) var reasoning: ReasoningEffort?
  private(set) var user: String?
  private(set) var metadata: [String: String] = [:]

  init(_ request: LLMRequest, isStream: Bool, provider: Provider) {
    self.request = request
    self.isStream = isStream
    self.provider = provider
    traits = ModelTraits(request.model)
    let options = request.options
    maxTokens = options.maxTokens
    reasoning = keep(options.reasoning, .reasoning, "reasoning")
    let isSampled = !traits.refusesSampling || traits.samplesWithoutThinking && reasoning == .off
    temperature = keep(options.temperature, .temperature, "temperature", if: isSampled)
    topP = keep(options.topP, .topP, "topP", if: isSampled)
    stop = keep(options.stop.isEmpty ? nil : options.stop, .stop, "stop")
    seed = keep(options.seed, .seed, "seed")
    choices = options.choices == 1 ? nil : keep(options.choices, .choices, "choices")
    tools = keep(options.tools.isEmpty ? nil : options.tools, .tools, "tools") ?? []
    toolChoice = tools.isEmpty ? nil : options.toolChoice
    if !tools.isEmpty {
      parallelToolCalls = keep(options.parallelToolCalls, .parallelToolCalls, "parallelToolCalls")
    }
    user = keep(options.user, .user, "user")
    // OpenAI keeps labels of chat completions only with those that it stores.
    let isStored = provider.api != .chat || options.extra["store"] == .bool(true)
    metadata =
      keep(options.metadata.isEmpty ? nil : options.metadata, .metadata, "metadata", if: isStored) ?? [:]
  }

  /// What the format asks for: the schema where the provider can be held to one, else any JSON.
  var format: ResponseFormat {
    switch request.options.format {
    case .jsonSchema where !provider.capabilities.contains(.jsonSchema): .json
    case let format: format
    }
  }

  /// Where JSON was asked for and the provider has no switch for it, it is asked in words.
  var jsonInstruction: String? {
    guard format == .json else { return nil }
    if case .jsonSchema(_, let schema, _) = request.options.format {
      return
        "Answer with one JSON value of this JSON Schema and nothing else, without a code fence:\n\(schema)"
    }
    guard !provider.capabilities.contains(.json) else { return nil }
    return "Answer with one JSON value and nothing else: no explanation, no code fence."
  }

  /// The request's words that come before the conversation, and the conversation with neighbours of one role
  /// joined, for formats that keep the two apart.
  var conversation: (system: String, turns: [Turn]) {
    var system: [String] = []
    var turns: [Turn] = []
    for message in request.messages {
      switch message.role {
      case .system, .developer: system.append(message.text)
      case .assistant: add(message, toModel: true)
      case .user, .tool: add(message, toModel: false)
      }
    }
    if let jsonInstruction { system.append(jsonInstruction) }
    return (system.joined(separator: "\n\n"), turns)

    func add(_ message: Message, toModel isModel: Bool) {
      guard !message.content.isEmpty else { return }
      if turns.last?.isModel == isModel {
        turns[turns.count - 1].content += message.content
      } else {
        turns.append(Turn(isModel: isModel, content: message.content))
      }
    }
  }

  struct Turn: Equatable {
    var isModel: Bool
    var content: [ContentPart]
  }

  private mutating func keep<Value>(
    _ value: Value?, _ capability: Capabilities, _ name: String, if isTaken: Bool = true
  ) -> Value? {
    guard value != nil else { return nil }
    guard isTaken, provider.capabilities.contains(capability) else {
      dropped.append(name)
      return nil
    }
    return value
  }

  /// An option turned out not to fit.
  mutating func drop(_ name: String) { dropped.append(name) }
}

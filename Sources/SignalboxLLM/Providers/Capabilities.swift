/// What a provider's API takes. What it does not take is left out of a request, and named in the start event.
public struct Capabilities: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Tells the tokens of a stream, when it is asked to.
  public static let streamingUsage = Capabilities(rawValue: 1 << 0)
  public static let temperature = Capabilities(rawValue: 1 << 1)
  public static let topP = Capabilities(rawValue: 1 << 2)
  public static let stop = Capabilities(rawValue: 1 << 3)
  public static let seed = Capabilities(rawValue: 1 << 4)
  /// Several answers to one request.
  public static let choices = Capabilities(rawValue: 1 << 5)
  public static let tools = Capabilities(rawValue: 1 << 6)
  /// Can be told to call one tool at a time.
  public static let parallelToolCalls = Capabilities(rawValue: 1 << 7)
  public static let images = Capabilities(rawValue: 1 << 8)
  /// Fetches images by their URL.
  public static let imageURLs = Capabilities(rawValue: 1 << 9)
  /// Can be told to answer with JSON of any shape; others are asked to in words.
  public static let json = Capabilities(rawValue: 1 << 10)
  public static let jsonSchema = Capabilities(rawValue: 1 << 11)
  /// Can be told how much to think.
  public static let reasoning = Capabilities(rawValue: 1 << 12)
  public static let user = Capabilities(rawValue: 1 << 13)
  public static let metadata = Capabilities(rawValue: 1 << 14)
  /// Tells `developer` and `system` messages apart.
  public static let developerRole = Capabilities(rawValue: 1 << 15)
  /// Wants `max_completion_tokens` in place of `max_tokens`, which its reasoning models refuse.
  public static let maxCompletionTokens = Capabilities(rawValue: 1 << 16)

  /// What any server takes that speaks OpenAI Chat Completions.
  public static let compatible: Capabilities = [
    .streamingUsage, .temperature, .topP, .stop, .seed, .choices, .tools, .parallelToolCalls, .images,
    .imageURLs, .json, .jsonSchema, .reasoning, .user,
  ]
  static let openAI: Capabilities = compatible.union([.metadata, .developerRole, .maxCompletionTokens])
  static let responses: Capabilities = openAI.subtracting([.stop, .seed, .choices])
  static let anthropic: Capabilities = [
    .streamingUsage, .temperature, .topP, .stop, .tools, .parallelToolCalls, .images, .imageURLs, .jsonSchema,
    .reasoning, .user,
  ]
  static let gemini: Capabilities = [
    .streamingUsage, .temperature, .topP, .stop, .seed, .choices, .tools, .images, .imageURLs, .json,
    .jsonSchema, .reasoning,
  ]
  static let ollama: Capabilities = [
    .streamingUsage, .temperature, .topP, .stop, .seed, .tools, .images, .json, .jsonSchema, .reasoning,
  ]
  static let bedrock: Capabilities = [
    .streamingUsage, .temperature, .topP, .stop, .tools, .images, .jsonSchema, .reasoning, .metadata,
  ]
}

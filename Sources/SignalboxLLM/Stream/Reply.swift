public import Signalbox

/// A tool call that the model asks for.
public struct ToolCall: Sendable, Hashable {
  /// The provider's id, to be repeated with the result; made up where the provider has none.
  public var id: String
  public var name: String
  /// The arguments as JSON text, as the model wrote them: not always valid.
  public var arguments: String

  public init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// A piece of reasoning, with what the provider wants back unchanged in the next request.
public struct ReasoningBlock: Sendable, Hashable {
  public var text: String
  /// The provider's signature over the text, opaque; of reasoning that it keeps from us, its whole block.
  public var signature: String?

  public init(text: String, signature: String? = nil) {
    self.text = text
    self.signature = signature
  }
}

/// How long a call took.
public struct CallTiming: Sendable, Hashable {
  /// From the request to the end, milliseconds.
  public var durationMS: Double
  /// From the request to the first delta, milliseconds; nil when none came.
  public var firstTokenMS: Double?
  /// How many deltas there were.
  public var deltas: Int
  /// Output tokens a second from the first delta on; nil when unknown.
  public var tokensPerSecond: Double?

  public init(
    durationMS: Double = 0, firstTokenMS: Double? = nil, deltas: Int = 0, tokensPerSecond: Double? = nil
  ) {
    self.durationMS = durationMS
    self.firstTokenMS = firstTokenMS
    self.deltas = deltas
    self.tokensPerSecond = tokensPerSecond
  }
}

/// What a model answered.
public struct Reply: Sendable, Hashable {
  /// The text of the first answer.
  public var text: String
  public var reasoning: [ReasoningBlock]
  /// Why the model would not answer; nil when it did.
  public var refusal: String?
  public var toolCalls: [ToolCall]
  /// Sources that the provider named, as it wrote them.
  public var citations: [JSONValue]
  /// Texts of the further answers, where several were asked for.
  public var alternatives: [String]
  /// As the provider said it: `stop`, `length`, `tool_calls`, `end_turn`, ….
  public var finishReason: String?
  /// The provider's id of the reply.
  public var id: String?
  /// The model that answered; may be more exact than the one that was asked for.
  public var model: String
  public var provider: String
  /// The correlation id of the request.
  public var requestID: String
  public var usage: TokenUsage?
  public var cost: Cost
  public var timing: CallTiming
  /// Requests that were sent: 1 without a retry.
  public var attempts: Int

  public init(provider: String, model: String, requestID: String) {
    text = ""
    reasoning = []
    toolCalls = []
    citations = []
    alternatives = []
    self.model = model
    self.provider = provider
    self.requestID = requestID
    cost = .unknown(reason: "no usage")
    timing = CallTiming()
    attempts = 1
  }
}

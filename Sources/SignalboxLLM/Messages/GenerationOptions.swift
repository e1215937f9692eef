public import Signalbox

/// How to answer, in one vocabulary for all providers. What is nil is left to the provider; what a provider or
/// model does not take is left out, and named in the start event's metadata under `dropped`.
public struct GenerationOptions: Sendable, Hashable {
  /// Most tokens of the answer, reasoning among them. Where a provider insists on a number, one that suits the
  /// model.
  public var maxTokens: Int?
  /// 0 is the most predictable; most providers go to 1 or 2.
  public var temperature: Double?
  /// Only tokens that make up this share of probability, 0 … 1.
  public var topP: Double?
  /// Texts at which the answer ends.
  public var stop: [String]
  /// The same seed makes the same answer more likely.
  public var seed: Int64?
  public var tools: [ToolDefinition]
  public var toolChoice: ToolChoice?
  /// False: one tool call at a time.
  public var parallelToolCalls: Bool?
  public var format: ResponseFormat
  public var reasoning: ReasoningEffort?
  /// How many answers. Default 1.
  public var choices: Int?
  /// An opaque id of the end user, by which providers find abuse.
  public var user: String?
  /// Labels: every event of the call has them in its metadata, and providers that keep labels get them.
  public var metadata: [String: String]
  /// Members of the request's body, sent verbatim: objects are merged member by member, and what stands here goes
  /// before what Signalbox would write.
  public var extra: JSONObject
  /// Default: the client's.
  public var timeouts: CallTimeouts?
  /// What the call may use, all its attempts together; tightens the client's. Default: no limit.
  public var budget: Budget?

  public init(
    maxTokens: Int? = nil, temperature: Double? = nil, topP: Double? = nil, stop: [String] = [],
    seed: Int64? = nil, tools: [ToolDefinition] = [], toolChoice: ToolChoice? = nil,
    parallelToolCalls: Bool? = nil, format: ResponseFormat = .text, reasoning: ReasoningEffort? = nil,
    choices: Int? = nil, user: String? = nil, metadata: [String: String] = [:], extra: JSONObject = [:],
    timeouts: CallTimeouts? = nil, budget: Budget? = nil
  ) {
    self.maxTokens = maxTokens
    self.temperature = temperature
    self.topP = topP
    self.stop = stop
    self.seed = seed
    self.tools = tools
    self.toolChoice = toolChoice
    self.parallelToolCalls = parallelToolCalls
    self.format = format
    self.reasoning = reasoning
    self.choices = choices
    self.user = user
    self.metadata = metadata
    self.extra = extra
    self.timeouts = timeouts
    self.budget = budget
  }
}

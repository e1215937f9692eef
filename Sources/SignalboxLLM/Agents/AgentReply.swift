public import Signalbox

/// What a run used.
public struct AgentUsage: Sendable, Hashable {
  /// How often the model was asked.
  public var turns = 0
  /// How many tool calls there were.
  public var toolCalls = 0
  /// Of all calls of the model; nil: nothing is known.
  public var tokens: TokenUsage?
  /// Of all calls of the model; unknown as soon as one of them is.
  public var cost = Cost.unknown(reason: "no usage")
  /// From the start to the end, milliseconds.
  public var durationMS = 0.0

  public init() {}
}

/// What came of a run.
public struct AgentReply: Sendable, Hashable {
  /// The answer.
  public var text: String
  /// The model's last reply: its reasoning, refusal, citations, finish reason.
  public var reply: Reply
  /// All that was said, to go on with.
  public var conversation: Conversation
  public var usage: AgentUsage
}

/// Why a run did not succeed.
public struct AgentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, by a short stable name; more may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }

    /// The model still asked for tools in the last turn that the limits allow.
    public static let turnLimit = Code("turn_limit")
    /// The model asked for more tool calls than the limits allow.
    public static let toolCallLimit = Code("tool_call_limit")
    /// The run took too long.
    public static let timeLimit = Code("time_limit")
    public static let tokenLimit = Code("token_limit")
    public static let costLimit = Code("cost_limit")
    /// A call of the model failed for good; `cause` says why.
    public static let modelFailed = Code("model_failed")
    /// A tool failed, and the agent's policy is to fail.
    public static let toolFailed = Code("tool_failed")
    /// The caller's task was cancelled, or the stream was dropped.
    public static let cancelled = Code("cancelled")
  }

  public var code: Code
  /// A plain sentence.
  public var message: String
  /// How the model's call failed; nil for other errors.
  public var cause: LLMError?
  /// What was said until then, the input among it. It can be gone on with.
  public var conversation = Conversation()
  public var usage = AgentUsage()
  /// What the span says instead of `message`, where content is not told.
  var told: String?

  public init(_ code: Code, _ message: String, cause: LLMError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String { "\(code): \(message)" }

  /// A limit ended the run.
  public var isLimit: Bool {
    [.turnLimit, .toolCallLimit, .timeLimit, .tokenLimit, .costLimit].contains(code)
  }
}

/// One thing that a run says; every run ends with exactly one `complete` or `error`.
@nonexhaustive
public enum AgentEvent: Sendable {
  /// The model is asked, for the so manieth time from 0.
  case turn(Int)
  /// What the model's call says: its start, deltas, usage, end.
  case model(StreamEvent)
  /// A tool is called.
  case toolStart(ToolCall)
  /// A call of a tool is over.
  case toolEnd(ToolOutcome)
  /// The run is over, and this came of it.
  case complete(AgentReply)
  /// The run ended otherwise.
  case error(AgentError)

  /// The next piece of the model's text; nil for everything else.
  public var text: String? {
    guard case .model(.delta(let delta)) = self, delta.channel == .text, delta.choice == 0 else { return nil }
    return delta.text
  }

  /// Nothing follows.
  public var isTerminal: Bool {
    switch self {
    case .complete, .error: true
    default: false
    }
  }
}

public import Signalbox

/// A model with tools, called in a loop until it answers.
///
/// ```swift
/// let agent = Agent("chat", client: client, model: "gpt-4o", tools: [fetch], limits: .init(turns: 8))
/// var reply = try await agent.run("What is Quintin Cole's diagnosis?", session: "s1")
/// reply = try await agent.run("Since when?", in: reply.conversation, session: "s1")
/// ```
///
/// A run is one `agent` span; each call of the model and of a tool is a span in it. `docs/agents.md` lists the events.
public struct Agent: Sendable {
  /// What the agent is called in its events.
  public var name: String
  /// Who calls the model; its emitter is told of everything.
  public var client: LLMClient
  public var model: String
  /// What the model shall keep to: a system message before every conversation.
  public var instructions: String?
  public var tools: [Tool]
  /// How the model shall answer. `tools` is what the agent's tools are; `toolChoice` is for the first turn only.
  public var options: GenerationOptions
  public var limits: Limits
  public var toolFailures: ToolFailurePolicy
  public var capture: Capture
  /// Which service of the application it is: `namespace.kind.name`. Nil: the context's.
  public var identity: Identity?
  /// False: the model is asked without streaming, and its replies come in one piece.
  public var streams: Bool

  /// - Parameter tools: with names of their own; the program stops when two have the same.
  public init(
    _ name: String, client: LLMClient, model: String, instructions: String? = nil, tools: [Tool] = [],
    options: GenerationOptions = .init(), limits: Limits = .init(),
    toolFailures: ToolFailurePolicy = .tellModel, capture: Capture = .init(), identity: Identity? = nil,
    streams: Bool = true
  ) {
    precondition(Set(tools.map(\.name)).count == tools.count, "Two tools of an agent have the same name")
    self.name = name
    self.client = client
    self.model = model
    self.instructions = instructions
    self.tools = tools
    self.options = options
    self.limits = limits
    self.toolFailures = toolFailures
    self.capture = capture
    self.identity = identity
    self.streams = streams
  }

  /// What holds a run. A limit that is reached ends the run with an error of its own.
  public struct Limits: Sendable, Hashable {
    /// How often the model is asked. Default 8. Tools that it asks for in its last turn are not run.
    public var turns: Int
    /// Tool calls of a run, all together. Default 64.
    public var toolCalls: Int
    /// Tool calls that run at the same time; further ones wait. Default 8.
    public var parallelTools: Int
    /// Longest text of a tool that the model is given, in bytes; more is cut. Default 256 KiB.
    public var resultBytes: Int
    /// Time, tokens and cost of a run. Time cancels what is going on. Tokens and cost are looked at after each reply,
    /// so that one reply may exceed them: bound it by `options.maxTokens`. An answer that has come is never withheld.
    /// `stall` is the longest silence of the model. Default: no limit.
    public var budget: Budget

    public init(
      turns: Int = 8, toolCalls: Int = 64, parallelTools: Int = 8, resultBytes: Int = 256 << 10,
      budget: Budget = .init()
    ) {
      self.turns = max(turns, 1)
      self.toolCalls = max(toolCalls, 0)
      self.parallelTools = max(parallelTools, 1)
      self.resultBytes = max(resultBytes, 64)
      self.budget = budget
    }
  }

  /// What becomes of a run whose tool fails.
  public enum ToolFailurePolicy: Sendable, Hashable {
    /// The model is told why, and goes on. The default.
    case tellModel
    /// The run fails; calls that run beside it are cancelled. Unknown tools and wrong arguments are the model's own
    /// mistake and are told to it all the same.
    case fail
  }

  /// How much of the content is told. Whether any of it is, the client's `capture` says.
  public struct Capture: Sendable, Hashable {
    /// Bytes of a tool's arguments and of its result, each. Default 8 KiB.
    public var toolBytes: Int
    /// Bytes of the run's input and output, each. Default 256 KiB.
    public var textBytes: Int

    public init(toolBytes: Int = 8 << 10, textBytes: Int = 256 << 10) {
      self.toolBytes = max(toolBytes, 2)
      self.textBytes = max(textBytes, 3)
    }
  }
}

internal import Fetch
public import Signalbox

/// Calls models of one provider, visibly: as a stream of typed events, or for the whole reply.
///
/// ```swift
/// let client = LLMClient(.openAI())
/// for await event in client.stream("Write a poem", model: "gpt-4o") {
///   if case .delta(let delta) = event { print(delta.text, terminator: "") }
/// }
/// ```
///
/// Every call is one HTTP request an attempt, and one `llm` span told to the emitter: `llm.start`, `llm.delta` with a
/// gapless index, `llm.usage`, and exactly one `llm.end` or `llm.error`. A client is a cheap value; its copies share
/// connections.
public struct LLMClient: Sendable {
  /// Time limits, retries, what calls tell, and to whom.
  public struct Configuration: Sendable {
    /// Used where a request has none of its own.
    public var timeouts = CallTimeouts()
    /// What is tried again, when, and how often. Default: three requests at most; a stream that breaks after it
    /// delivered text fails.
    public var retry = RetryPolicy()
    /// Leaves a host alone that keeps failing; share one object between clients of the same host. Nil: never.
    public var breakers: CircuitBreakers? = CircuitBreakers()
    /// What the tokens cost.
    public var prices = PriceTable.builtIn
    /// Counts tokens where the provider does not; without one they are estimated.
    public var tokenizer: TokenEstimator.Tokenizer?
    /// What of prompts and answers is told to the emitter. Default: all of it.
    public var capture = ContentCapture.full
    /// Most bytes of text in one reply; a longer one is an error. Default 64 MiB.
    public var replyBytes = 64 << 20
    /// Gets a copy of the bytes of every request and answer, such as a `CassetteRecorder`; without keys. Nil: nobody.
    public var recorder: (any ByteTap)?
    /// What every call may use, all its attempts together; one that uses more is cancelled. Default: no limit.
    public var budget = Budget()
    public var clock: any EventClock = SystemEventClock()

    public init() {}
  }

  public let provider: Provider
  public let emitter: Emitter
  public var configuration: Configuration
  let fetch: FetchClient
  let environment: ProcessEnvironment

  /// - Parameter emitter: who is told of every call. `Emitter.shared` discards until it is given an exporter.
  public init(_ provider: Provider, emitter: Emitter = .shared, configuration: Configuration = .init()) {
    self.init(provider, emitter: emitter, configuration: configuration, environment: .process)
  }

  package init(
    _ provider: Provider, emitter: Emitter = .shared, configuration: Configuration = .init(),
    environment: ProcessEnvironment
  ) {
    self.provider = provider
    self.emitter = emitter
    self.configuration = configuration
    self.environment = environment
    fetch = .shared
  }
}

/// What of prompts and answers is told to an emitter.
public enum ContentCapture: Sendable, Hashable {
  /// Prompts, answers, options.
  case full
  /// Who, when, how long, how many tokens, and why it failed; no text of either side.
  case metadata
}

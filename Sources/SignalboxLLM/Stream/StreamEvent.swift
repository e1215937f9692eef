/// One thing that a streaming model call says; every stream ends with exactly one `complete` or `error`.
@nonexhaustive
public enum StreamEvent: Sendable {
  /// The request goes out.
  case start(StreamStart)
  /// A piece of the reply.
  case delta(StreamDelta)
  /// What is known of the tokens.
  case usage(StreamUsage)
  /// The call is tried again after text was delivered; says what of it is void.
  case restart(StreamRestart)
  /// The reply is whole.
  case complete(StreamComplete)
  /// The reply ended otherwise.
  case error(StreamError)

  /// What all of them say.
  public var info: StreamInfo {
    get {
      switch self {
      case .start(let event): event.info
      case .delta(let event): event.info
      case .usage(let event): event.info
      case .restart(let event): event.info
      case .complete(let event): event.info
      case .error(let event): event.info
      }
    }
    set {
      switch self {
      case .start(var event):
        event.info = newValue
        self = .start(event)
      case .delta(var event):
        event.info = newValue
        self = .delta(event)
      case .usage(var event):
        event.info = newValue
        self = .usage(event)
      case .restart(var event):
        event.info = newValue
        self = .restart(event)
      case .complete(var event):
        event.info = newValue
        self = .complete(event)
      case .error(var event):
        event.info = newValue
        self = .error(event)
      }
    }
  }

  /// The event's type as Signalbox's events name it: `llm.start`, `llm.delta`, ….
  public var type: String {
    switch self {
    case .start: "llm.start"
    case .delta: "llm.delta"
    case .usage: "llm.usage"
    case .restart: "llm.restart"
    case .complete: "llm.end"
    case .error: "llm.error"
    }
  }

  /// Nothing follows.
  public var isTerminal: Bool {
    switch self {
    case .complete, .error: true
    default: false
    }
  }
}

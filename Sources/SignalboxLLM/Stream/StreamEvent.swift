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
    // In place: a setter would copy the metadata at every change of one key.
    _modify {
      switch self {
      case .start(var event):
        self = .placeholder
        defer { self = .start(event) }
        yield &event.info
      case .delta(var event):
        self = .placeholder
        defer { self = .delta(event) }
        yield &event.info
      case .usage(var event):
        self = .placeholder
        defer { self = .usage(event) }
        yield &event.info
      case .restart(var event):
        self = .placeholder
        defer { self = .restart(event) }
        yield &event.info
      case .complete(var event):
        self = .placeholder
        defer { self = .complete(event) }
        yield &event.info
      case .error(var event):
        self = .placeholder
        defer { self = .error(event) }
        yield &event.info
      }
    }
  }

  /// Stands in while a payload is changed in place, so that the payload has one owner.
  private static var placeholder: StreamEvent {
    .start(StreamStart(info: StreamInfo(provider: "", model: "", requestID: "", streamID: "", timestamp: 0)))
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

/// What kind of work a span is; the first part of its events' types.
public struct SpanKind: Sendable, Hashable {
  public let name: String
  let start: EventType
  let delta: EventType
  let usage: EventType
  let progress: EventType
  let restart: EventType
  let end: EventType
  let error: EventType

  /// A kind of your own: its events are `<name>.start`, `<name>.delta`, and so on. Characters that a type may
  /// not have become `_`.
  public init(_ name: String) {
    self.name = name
    start = EventType(repairing: name + ".start")
    delta = EventType(repairing: name + ".delta")
    usage = EventType(repairing: name + ".usage")
    progress = EventType(repairing: name + ".progress")
    restart = EventType(repairing: name + ".restart")
    end = EventType(repairing: name + ".end")
    error = EventType(repairing: name + ".error")
  }

  public static let llm = SpanKind("llm")
  public static let tool = SpanKind("tool")
  public static let chain = SpanKind("chain")
  public static let step = SpanKind("step")
  public static let agent = SpanKind("agent")
  public static let retrieval = SpanKind("retrieval")
}

extension SpanKind: ExpressibleByStringLiteral {
  public init(stringLiteral name: String) { self.init(name) }
}

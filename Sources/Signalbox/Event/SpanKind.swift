/// What kind of work a span is; the first part of its events' types.
public struct SpanKind: Sendable {
  /// The types of its events, in one object, so that a span holds one reference.
  final class Types: Sendable {
    let name: String
    let start: EventType
    let delta: EventType
    let usage: EventType
    let progress: EventType
    let restart: EventType
    let end: EventType
    let error: EventType

    init(_ name: String) {
      self.name = name
      start = EventType(repairing: name + ".start")
      delta = EventType(repairing: name + ".delta")
      usage = EventType(repairing: name + ".usage")
      progress = EventType(repairing: name + ".progress")
      restart = EventType(repairing: name + ".restart")
      end = EventType(repairing: name + ".end")
      error = EventType(repairing: name + ".error")
    }
  }

  let types: Types

  /// Kinds remembered, because a literal makes one at every call. More are made again each time.
  private static let limit = 1000
  private static let known = Locked<[String: Types]>([:])

  /// The first part of its events' types.
  public var name: String { types.name }

  /// A kind of your own: its events are `<name>.start`, `<name>.delta`, and so on. Characters that a type may
  /// not have become `_`.
  public init(_ name: String) {
    if let known = Self.known.withLock({ $0[name] }) {
      types = known
    } else {
      let made = Types(name)
      types = made
      Self.known.withLock { known in
        if known.count < Self.limit { known[name] = made }
      }
    }
  }

  public static let llm = SpanKind("llm")
  public static let tool = SpanKind("tool")
  public static let chain = SpanKind("chain")
  public static let step = SpanKind("step")
  public static let agent = SpanKind("agent")
  public static let retrieval = SpanKind("retrieval")
}

extension SpanKind: Hashable {
  public static func == (left: SpanKind, right: SpanKind) -> Bool {
    left.types === right.types || left.name == right.name
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension SpanKind: ExpressibleByStringLiteral {
  public init(stringLiteral name: String) { self.init(name) }
}

import Wire

/// One thing that happened. `docs/events.md` explains it, `docs/events.schema.json` is the exact word.
///
/// The context's members read as the event's own: `event.session`, `event.trace`.
@dynamicMemberLookup
public struct Event: Sendable, Hashable {
  public var id: EventID
  public var type: EventType
  public var phase: EventPhase?
  /// Nanoseconds since 1970-01-01T00:00:00Z by the producer's clock.
  public var time: Int64
  /// Where it belongs.
  public var context: Context
  /// Place among the span's deltas, from 0 without a gap.
  public var index: Int64?
  /// How many adjacent deltas were merged into this one.
  public var count: Int64
  /// What happened; an object for Signalbox's own types.
  public var data: JSONValue?

  /// `id`: a new UUIDv7 unless given. `time`: now unless given. `context`: the task's unless given.
  public init(
    _ type: EventType, _ data: JSONValue? = nil, phase: EventPhase? = nil, id: EventID? = nil,
    time: Int64? = nil,
    context: Context? = nil, index: Int64? = nil, count: Int64 = 1
  ) {
    self.init(
      id: id ?? .generate(), type: type, phase: phase, time: time ?? Timestamp.now().nanoseconds,
      context: context ?? .current, index: index, count: count, data: data)
  }

  init(
    id: EventID, type: EventType, phase: EventPhase?, time: Int64, context: Context, index: Int64? = nil,
    count: Int64 = 1, data: JSONValue?
  ) {
    self.id = id
    self.type = type
    self.phase = phase
    self.time = time
    self.context = context
    self.index = index
    self.count = count
    self.data = data
  }

  /// A member of the context, as if it were the event's own: `event.session`.
  public subscript<Value>(dynamicMember member: WritableKeyPath<Context.Fields, Value>) -> Value {
    get { context[dynamicMember: member] }
    set { context[dynamicMember: member] = newValue }
  }

  /// About how many bytes it takes; cheap, for bounds.
  var estimatedSize: Int { Self.estimatedSize(type, data) }

  static func estimatedSize(_ type: EventType, _ data: JSONValue?) -> Int {
    256 + type.name.utf8.count + (data?.estimatedSize ?? 0)
  }
}

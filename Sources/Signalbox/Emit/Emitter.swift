import Wire

/// Tells what happens, from anywhere in an application. Emitting never blocks and never throws: events go
/// into a bounded buffer per exporter, and a task of each exporter carries them out.
///
/// ```swift
/// let emitter = Emitter([TerminalExporter()])
/// emitter.emit("cache.hit", ["bytes": 1024])
/// ```
///
/// Letting go of an emitter sends what waits in the background; call `shutDown` to wait for it.
public final class Emitter: Sendable {
  /// The one that everything uses that is not given another. It has no exporter until one is added.
  public static let shared = Emitter()

  /// How much may wait, what gives way, and what is kept of what events say.
  public struct Configuration: Sendable {
    /// Events that wait for an exporter. Default 1000, of which a tenth is reserved for starts and ends.
    public var capacity = 1000
    /// Estimated bytes that wait for an exporter. Default 8 MiB.
    public var capacityBytes = 8 << 20
    /// Largest event, estimated; larger ones are dropped. Default 1 MiB.
    public var eventBytes = 1 << 20
    /// What gives way when the buffer is full.
    public var overflow = OverflowPolicy.mergeThenDropOldest
    /// What is kept of what events say; it is decided before they reach a buffer, so no exporter sees the rest.
    /// Default: all.
    public var content = ContentPolicy()
    public var clock: any EventClock = SystemEventClock()
    /// The types of the application's events. The exporters' readers are told of them, and a type that is emitted and
    /// not among them is reported to `onProblem`, once. Nil: nothing is checked.
    public var types: EventTypes?
    /// Hears of every batch that was given up and every event that was refused, on the exporter's task.
    public var onProblem: (@Sendable (EmitterProblem) -> Void)?

    public init() {}
  }

  let core: EmitterCore

  public init(_ exporters: [any Exporter] = [], configuration: Configuration = .init()) {
    core = EmitterCore(configuration)
    for exporter in exporters { core.add(exporter) }
    if !exporters.isEmpty { announceTypes() }
  }

  deinit { core.close() }

  /// Sends all that is emitted from now on to this exporter as well.
  public func add(_ exporter: any Exporter) {
    core.add(exporter)
    announceTypes()
  }

  /// Emits `signalbox.types`, by which readers know what the application's types mean.
  private func announceTypes() {
    for event in core.types?.announcements ?? [] { core.emit(event) }
  }

  /// Whether there is anybody to tell: spares the making of events that would be discarded.
  package var hasExporters: Bool { core.hasExporters }

  /// Emits an event in the task's context. Without an exporter it is discarded.
  public func emit(_ type: EventType, _ data: JSONValue? = nil, phase: EventPhase? = nil) {
    core.emit(type, data, phase: phase, context: .current)
  }

  /// Emits an event that was made elsewhere, with its own id, time and context.
  public func emit(_ event: Event) { core.emit(event) }

  /// The sum of all exporters' ledgers.
  public var ledger: Ledger {
    core.ledgers.reduce(into: Ledger()) { sum, lane in
      sum.emitted += lane.ledger.emitted
      sum.sent += lane.ledger.sent
      sum.dropped += lane.ledger.dropped
      sum.buffered += lane.ledger.buffered
    }
  }

  /// Each exporter's ledger, in the order in which they were added.
  public var ledgers: [(exporter: String, ledger: Ledger)] { core.ledgers }

  /// Sends what waits now and waits until it is sent; false when that took longer than `limit`.
  @discardableResult
  public func flush(within limit: Duration) async -> Bool { await core.flush(within: limit) }

  /// Sends what waits, for at most `limit`; what is left then is dropped, and counted. Afterwards the emitter
  /// discards everything. False when something was dropped for want of time.
  @discardableResult
  public func shutDown(within limit: Duration) async -> Bool { await core.shutDown(within: limit) }
}

/// What an exporter did not bring home.
public struct EmitterProblem: Sendable, CustomStringConvertible {
  public var exporter: String
  /// Events that it is about.
  public var events: Int
  /// The member that was wrong, where one was.
  public var field: String?
  public var message: String

  public var description: String {
    let field = field.map { " (\($0))" } ?? ""
    return "\(exporter): \(events) event\(events == 1 ? "" : "s") not sent\(field): \(message)"
  }
}

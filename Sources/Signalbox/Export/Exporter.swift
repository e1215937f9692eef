/// Takes events out of the application: to a terminal, a file, a server. Called by one task at a time, in
/// order.
public protocol Exporter: Sendable {
  /// Short and unique within an emitter; it names the ledger.
  var name: String { get }
  /// How events are gathered for it. Default: 100 events or 0.5 s.
  var batching: Batching { get }

  /// Sends a batch, retrying by itself for as long as that makes sense: until then nothing else is sent, and
  /// the buffer's policy decides what gives way. Cancellation means: give up now.
  /// Returns what was refused for good; throws when the whole batch is given up.
  func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection]

  /// Called once after the last `write`.
  func close() async
}

extension Exporter {
  public var batching: Batching { Batching() }
  public func close() async {}
}

/// When a batch is sent: as soon as one of the bounds is reached.
public struct Batching: Sendable, Hashable {
  /// Default 100.
  public var events: Int
  /// Estimated. Default 1 MiB.
  public var bytes: Int
  /// After the first event that waits. Default 0.5 s.
  public var interval: Duration

  public init(events: Int = 100, bytes: Int = 1 << 20, interval: Duration = .milliseconds(500)) {
    self.events = max(events, 1)
    self.bytes = max(bytes, 1)
    self.interval = interval
  }
}

/// Events in the order in which they were emitted.
public struct ExportBatch: Sendable {
  public var events: [Event]
  /// Names this process and exporter; with the sequence numbers it makes a re-send recognisable.
  public var producer: String
  /// The number of the first event; the others follow without a gap.
  public var firstSequence: Int64

  public init(events: [Event], producer: String, firstSequence: Int64) {
    self.events = events
    self.producer = producer
    self.firstSequence = firstSequence
  }
}

/// An event of a batch that will never be accepted.
public struct ExportRejection: Sendable, Hashable {
  /// Place in the batch.
  public var index: Int
  /// The member that is wrong, where one is.
  public var field: String?
  public var reason: String

  public init(index: Int, field: String? = nil, reason: String) {
    self.index = index
    self.field = field
    self.reason = reason
  }
}

/// Why a whole batch was given up.
public struct ExportError: Error, Sendable, Hashable, CustomStringConvertible {
  public var message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

public import Signalbox

/// How one stream went, by its events' own timestamps.
public struct StreamMeasure: Sendable {
  /// How a stream ended.
  public enum Outcome: Sendable, Hashable {
    case complete
    /// With an error's short name.
    case failed(String)
  }

  /// The provider's name; empty until an event came, as the next three.
  public private(set) var provider = ""
  public private(set) var model = ""
  public private(set) var requestID = ""
  public private(set) var streamID = ""
  /// Seconds since 1970-01-01T00:00:00Z; nil until an event came.
  public private(set) var startedAt: Double?
  /// From the start to the first delta, milliseconds; nil before it, and when the start was not seen.
  public private(set) var firstTokenMS: Double?
  /// From the start to the end, milliseconds; nil until then.
  public private(set) var durationMS: Double?
  /// Deltas, void ones among them.
  public private(set) var chunks = 0
  /// Bytes of the deltas' texts.
  public private(set) var bytes = 0
  /// Times it began anew, its deltas so far void.
  public private(set) var restarts = 0
  /// Between the deltas.
  public private(set) var gaps = LatencyHistogram()
  /// Between the last two deltas, milliseconds; nil before the second.
  public private(set) var lastGapMS: Double?
  /// What is known of the tokens.
  public private(set) var usage: TokenUsage?
  /// Nil: the model's price is not known, or its usage.
  public private(set) var cost: Cost?
  /// Nil until the stream has ended.
  public private(set) var outcome: Outcome?
  private var firstDeltaAt: Double?
  private var lastDeltaAt: Double?
  private var sawStart = false

  public init() {}

  /// Output tokens a second from the first delta to the end, or to the last delta so far; nil when unknown.
  public var tokensPerSecond: Double? {
    guard let output = usage?.output, let startedAt, let firstDeltaAt else { return nil }
    let end = durationMS.map { startedAt + $0 / 1000 } ?? lastDeltaAt ?? firstDeltaAt
    return end > firstDeltaAt ? Double(output) / (end - firstDeltaAt) : nil
  }

  /// Adds an event of this stream.
  public mutating func record(_ event: StreamEvent) { record(event, keepsGaps: true) }

  mutating func record(_ event: StreamEvent, keepsGaps: Bool) {
    let time: Double
    switch event {
    case .delta(let delta):
      time = delta.info.timestamp
      if startedAt == nil { begin(delta.info) }
      add(delta, at: time, keepsGaps: keepsGaps)
    case .start(let start):
      begin(start.info)
      sawStart = true
    case .usage(let usage):
      if startedAt == nil { begin(usage.info) }
      self.usage = usage.usage
    case .restart(let restart):
      if startedAt == nil { begin(restart.info) }
      restarts += 1
    case .complete(let complete):
      if startedAt == nil { begin(complete.info) }
      if let usage = complete.reply.usage { self.usage = usage }
      cost = complete.reply.cost
      end(.complete, at: complete.info.timestamp)
    case .error(let error):
      if startedAt == nil { begin(error.info) }
      if let usage = error.error.partial?.usage { self.usage = usage }
      cost = error.error.partial?.cost
      end(.failed(error.errorType), at: error.info.timestamp)
    }
  }

  private mutating func begin(_ info: StreamInfo) {
    startedAt = info.timestamp
    provider = info.provider
    model = info.model
    requestID = info.requestID
    streamID = info.streamID
  }

  private mutating func add(_ delta: StreamDelta, at time: Double, keepsGaps: Bool) {
    chunks += 1
    bytes += delta.text.utf8.count
    if let lastDeltaAt {
      let gap = max(0, time - lastDeltaAt) * 1000
      lastGapMS = gap
      if keepsGaps { gaps.record(milliseconds: gap) }
    } else {
      firstDeltaAt = time
      if sawStart, let startedAt { firstTokenMS = max(0, time - startedAt) * 1000 }
    }
    lastDeltaAt = time
  }

  private mutating func end(_ outcome: Outcome, at time: Double) {
    self.outcome = outcome
    if let startedAt { durationMS = max(0, time - startedAt) * 1000 }
  }
}

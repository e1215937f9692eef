public import Signalbox

/// How streams go, added up by provider and model, and one by one while they run. A value: it knows no clock and
/// does no I/O.
public struct StreamMetrics: Sendable {
  /// What the sums are by.
  public struct Key: Sendable, Hashable {
    public var provider: String
    public var model: String

    public init(provider: String, model: String) {
      self.provider = provider
      self.model = model
    }
  }

  /// The sums of streams that have ended.
  public struct Totals: Sendable, Hashable {
    /// Streams that have ended, and how.
    public internal(set) var streams = 0
    public internal(set) var failed = 0
    /// Times that streams began anew.
    public internal(set) var restarts = 0
    /// Deltas, void ones among them.
    public internal(set) var chunks = 0
    /// Tokens that were told or estimated.
    public internal(set) var inputTokens: Int64 = 0
    public internal(set) var outputTokens: Int64 = 0
    /// Amounts of the streams whose cost is known.
    public internal(set) var cost = 0.0
    /// Time to the first token.
    public internal(set) var firstToken = LatencyHistogram()
    /// Time between deltas.
    public internal(set) var gaps = LatencyHistogram()
    /// Time from start to end.
    public internal(set) var duration = LatencyHistogram()
    /// Seconds in which the output tokens that are known came.
    var generationSeconds = 0.0
    var generatedTokens: Int64 = 0

    /// Output tokens a second while a stream runs, on average; nil when unknown.
    public var tokensPerSecond: Double? {
      generationSeconds > 0 ? Double(generatedTokens) / generationSeconds : nil
    }
  }

  /// Streams that run, by stream id (by request id where that is empty).
  public var open: [String: StreamMeasure] { table.values }
  /// Streams that have ended, added up.
  public private(set) var totals: [Key: Totals] = [:]
  /// Streams that were forgotten because too many ran at once.
  public private(set) var forgotten = 0
  private var table: StreamTable<StreamMeasure>
  private let keyLimit: Int

  /// - Parameters:
  ///   - streams: How many are followed at once; beyond that the oldest is forgotten.
  ///   - keys: How many pairs of provider and model have sums of their own; further ones share one whose model
  ///     is `other`.
  public init(streams: Int = 4096, keys: Int = 256) {
    table = StreamTable(limit: streams)
    keyLimit = max(1, keys)
  }

  /// Adds an event. Returns how its stream went when the event ends it.
  @discardableResult
  public mutating func record(_ event: StreamEvent) -> StreamMeasure? {
    let key = event.streamKey
    forgotten += table.makeRoom(for: key).count
    table.update(key, initial: StreamMeasure()) { $0.record(event) }
    guard event.isTerminal, let measure = table.remove(key) else { return nil }
    add(measure)
    return measure
  }

  /// Adds a stream that has ended and was measured elsewhere.
  public mutating func add(_ measure: StreamMeasure) {
    var key = Key(provider: measure.provider, model: measure.model)
    if totals[key] == nil, totals.count >= keyLimit { key = Key(provider: "other", model: "other") }
    totals[key, default: Totals()].add(measure)
  }

  /// The sums of one provider over all its models.
  public func totals(provider: String) -> Totals {
    totals.reduce(into: Totals()) { if $1.key.provider == provider { $0.add($1.value) } }
  }

  /// The sums as events of type `llm.metrics`, one for each provider and model, in the order of their names.
  ///
  /// `time`: nanoseconds since 1970-01-01T00:00:00Z; now unless given.
  public func events(time: Int64? = nil) -> [Event] {
    totals.sorted { ($0.key.provider, $0.key.model) < ($1.key.provider, $1.key.model) }.map { key, totals in
      var event = Event("llm.metrics", totals.json, time: time)
      event.provider = key.provider
      event.model = key.model
      return event
    }
  }
}

extension StreamMetrics.Totals {
  mutating func add(_ measure: StreamMeasure) {
    streams += 1
    if measure.outcome != .complete { failed += 1 }
    restarts += measure.restarts
    chunks += measure.chunks
    inputTokens += measure.usage?.promptTokens ?? 0
    outputTokens += measure.usage?.completionTokens ?? 0
    cost += measure.cost?.amount ?? 0
    if let milliseconds = measure.firstTokenMS { firstToken.record(milliseconds: milliseconds) }
    if let milliseconds = measure.durationMS { duration.record(milliseconds: milliseconds) }
    gaps.merge(measure.gaps)
    if let rate = measure.tokensPerSecond, rate > 0, let output = measure.usage?.output {
      generatedTokens += output
      generationSeconds += Double(output) / rate
    }
  }

  mutating func add(_ other: StreamMetrics.Totals) {
    streams += other.streams
    failed += other.failed
    restarts += other.restarts
    chunks += other.chunks
    inputTokens += other.inputTokens
    outputTokens += other.outputTokens
    cost += other.cost
    firstToken.merge(other.firstToken)
    gaps.merge(other.gaps)
    duration.merge(other.duration)
    generatedTokens += other.generatedTokens
    generationSeconds += other.generationSeconds
  }

  /// The `data` of an `llm.metrics` event.
  var json: JSONValue {
    var object: JSONObject = [
      "streams": .int(Int64(streams)), "failed": .int(Int64(failed)), "restarts": .int(Int64(restarts)),
      "chunks": .int(Int64(chunks)), "input": .int(inputTokens), "output": .int(outputTokens),
    ]
    if cost > 0 { object["cost"] = .double(cost) }
    object["tokens_per_second"] = tokensPerSecond.map(JSONValue.double)
    object["first_token_ms"] = firstToken.json
    object["gap_ms"] = gaps.json
    object["duration_ms"] = duration.json
    return .object(object)
  }
}

extension LatencyHistogram {
  /// Nil when there is none.
  var json: JSONValue? {
    guard let mean = meanMS, let p50 = quantile(0.5), let p90 = quantile(0.9), let p99 = quantile(0.99) else {
      return nil
    }
    return [
      "count": .int(Int64(count)), "mean": .double(mean), "p50": .double(p50), "p90": .double(p90),
      "p99": .double(p99), "max": .double(maximumMS),
    ]
  }
}

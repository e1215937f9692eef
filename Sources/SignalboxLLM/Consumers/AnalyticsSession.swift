public import Signalbox

/// What is known of one stream: what came when, what went wrong, what it used.
public struct AnalyticsSession: Sendable, Hashable {
  /// A piece that came.
  public struct Chunk: Sendable, Hashable {
    public var index: Int
    /// Bytes of its text.
    public var size: Int
    /// Seconds since 1970-01-01T00:00:00Z.
    public var timestamp: Double
  }

  /// Something that went wrong: what ended the stream, or why it was tried again.
  public struct Failure: Sendable, Hashable {
    /// A short stable name, such as `rate_limited`.
    public var type: String
    public var message: String
    public var isRetryable: Bool
  }

  /// How it ended.
  public enum Outcome: String, Sendable, Hashable {
    case complete, failed
    /// It was forgotten before it ended, because too many ran at once.
    case abandoned
  }

  /// The request's correlation id.
  public var id: String
  public var streamID: String
  public var provider: String
  public var model: String
  /// Seconds since 1970-01-01T00:00:00Z.
  public var startedAt: Double
  public var endedAt: Double?
  /// The first ones; those that were too many are counted in `omittedChunks`.
  public var chunks: [Chunk] = []
  public var omittedChunks = 0
  public var errors: [Failure] = []
  public var restarts = 0
  public var usage: TokenUsage?
  public var cost: Double?
  /// From the request to the first delta, milliseconds.
  public var firstTokenMS: Double?
  /// From the request to the end, milliseconds.
  public var durationMS: Double?
  /// Nil while it runs.
  public var outcome: Outcome?

  /// All pieces that came.
  public var totalChunks: Int { chunks.count + omittedChunks }

  init(_ info: StreamInfo) {
    id = info.requestID
    streamID = info.streamID
    provider = info.provider
    model = info.model
    startedAt = info.timestamp
  }

  mutating func record(_ event: StreamEvent, chunkLimit: Int) {
    switch event {
    case .start: break
    case .delta(let delta):
      if totalChunks == 0 { firstTokenMS = max(0, delta.info.timestamp - startedAt) * 1000 }
      if chunks.count < chunkLimit {
        chunks.append(
          Chunk(index: delta.chunkIndex, size: delta.text.utf8.count, timestamp: delta.info.timestamp))
      } else {
        omittedChunks += 1
      }
    case .usage(let event): usage = event.usage
    case .restart(let restart):
      restarts += 1
      add(restart.error)
    case .complete(let complete):
      if let final = complete.finalUsage { usage = final }
      cost = complete.cost.amount
      end(.complete, at: complete.info.timestamp)
      durationMS = complete.durationMS
    case .error(let error):
      if let partial = error.error.partial?.usage { usage = partial }
      cost = error.error.partial?.cost.amount
      add(error.error)
      end(.failed, at: error.info.timestamp)
    }
  }

  private mutating func add(_ error: LLMError) {
    // As many as there may be attempts; beyond that something is wrong, and the first ones say what.
    guard errors.count < 100 else { return }
    errors.append(
      Failure(type: error.code.description, message: error.message, isRetryable: error.isRetryable))
  }

  private mutating func end(_ outcome: Outcome, at time: Double) {
    self.outcome = outcome
    endedAt = time
    durationMS = max(0, time - startedAt) * 1000
  }

  /// The session as JSON, to be sent somewhere.
  public var json: JSONValue {
    var object: JSONObject = [
      "id": .string(id), "stream_id": .string(streamID), "provider": .string(provider),
      "model": .string(model),
      "started_at": .double(startedAt),
    ]
    object["ended_at"] = endedAt.map(JSONValue.double)
    object["outcome"] = outcome.map { .string($0.rawValue) }
    object["duration_ms"] = durationMS.map(JSONValue.double)
    object["ttft_ms"] = firstTokenMS.map(JSONValue.double)
    object["total_chunks"] = .int(Int64(totalChunks))
    object["chunks"] = .array(
      chunks.map {
        ["index": .int(Int64($0.index)), "size": .int(Int64($0.size)), "timestamp": .double($0.timestamp)]
      })
    object["errors"] = .array(
      errors.map {
        ["type": .string($0.type), "message": .string($0.message), "retryable": .bool($0.isRetryable)]
      })
    object["restarts"] = .int(Int64(restarts))
    if let usage {
      object["usage"] = [
        "prompt_tokens": .int(usage.promptTokens), "completion_tokens": .int(usage.completionTokens),
        "total_tokens": .int(usage.total),
      ]
    }
    object["cost"] = cost.map(JSONValue.double)
    return .object(object)
  }
}

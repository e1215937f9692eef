public import Signalbox

/// What every event of a stream says: who, which model, which request, and when.
public struct StreamInfo: Sendable, Hashable {
  /// Who runs the model: `openai`, `anthropic`, ….
  public var provider: String
  /// The model that was asked for.
  public var model: String
  /// The correlation id of the request; the same in every attempt.
  public var requestID: String
  /// The stream's own id: the id of its span.
  public var streamID: String
  /// When it happened: seconds since 1970-01-01T00:00:00Z.
  public var timestamp: Double
  /// What the application or a transformer added.
  public var metadata: [String: JSONValue]

  public init(
    provider: String, model: String, requestID: String, streamID: String, timestamp: Double,
    metadata: [String: JSONValue] = [:]
  ) {
    self.provider = provider
    self.model = model
    self.requestID = requestID
    self.streamID = streamID
    self.timestamp = timestamp
    self.metadata = metadata
  }
}

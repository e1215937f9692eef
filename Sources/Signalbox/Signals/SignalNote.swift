/// What a signal carries: one moment in the life of a request to a model.
public protocol SignalNote: Sendable {
  /// Whose request it is; written as `simulation_id`.
  var simulationID: JSONValue? { get }
  /// The service that acts.
  var identity: Identity { get }
  /// The same in every note of a request.
  var correlationID: String { get }
  /// The note as JSON, with the member names that receivers in other languages know.
  var payload: JSONValue { get }
}

extension SignalNote {
  /// What to keep records apart by: a request of one service has one, however often its notes come.
  public var dedupeKey: String { "\(correlationID) \(identity)" }

  func envelope(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(
      JSONObject(
        [("simulation_id", simulationID ?? .null), ("identity", .string(identity.description))] + members))
  }

  var identityMembers: [(String, JSONValue)] {
    [
      ("namespace", .string(String(identity.namespace))), ("kind", .string(String(identity.kind))),
      ("name", .string(String(identity.name))),
    ]
  }

  /// About how many bytes it takes; cheap, for bounds.
  var estimatedSize: Int { 256 + payloadSize }
  fileprivate var payloadSize: Int {
    switch self {
    case let note as RequestNote: note.messages.estimatedSize
    case let note as ResponseNote: note.content.estimatedSize
    case let note as StreamChunkNote: note.delta.estimatedSize
    case let note as FailureNote: note.error.utf8.count
    default: 0
    }
  }
}

/// A request is about to be sent.
public struct RequestNote: SignalNote {
  public var simulationID: JSONValue?
  public var identity: Identity
  public var correlationID: String
  /// The codec that will read the answer.
  public var codecIdentity: Identity?
  /// What the model is given: an array of `{"role", "content"}`.
  public var messages: JSONValue
  /// The JSON schema that is asked for.
  public var responseFormat: JSONValue?
  /// The type that the answer becomes.
  public var responseFormatType: String?
  public var meta: JSONObject

  /// `correlationID`: a new UUIDv7 unless given.
  public init(
    identity: Identity, correlationID: String? = nil, simulationID: JSONValue? = nil,
    codecIdentity: Identity? = nil, messages: JSONValue, responseFormat: JSONValue? = nil,
    responseFormatType: String? = nil, meta: JSONObject = [:]
  ) {
    self.identity = identity
    self.correlationID = correlationID ?? EventID.generate().description
    self.simulationID = simulationID
    self.codecIdentity = codecIdentity
    self.messages = messages
    self.responseFormat = responseFormat
    self.responseFormatType = responseFormatType
    self.meta = meta
  }

  public var payload: JSONValue {
    let members: [(String, JSONValue)] =
      [("correlation_id", .string(correlationID))] + identityMembers + [
        ("codec_identity", codecIdentity.json), ("messages", messages),
        ("response_format", responseFormat ?? .null),
        ("response_format_cls", responseFormatType.map { .string($0) } ?? .null), ("meta", .object(meta)),
      ]
    return envelope([("request", .object(JSONObject(members)))])
  }
}

/// A request was answered.
public struct ResponseNote: SignalNote {
  public var simulationID: JSONValue?
  public var identity: Identity
  public var correlationID: String
  public var codecIdentity: Identity?
  public var content: JSONValue
  public var usage: TokenUsage?
  public var provider: String
  public var metadata: JSONObject

  public init(
    identity: Identity, correlationID: String, simulationID: JSONValue? = nil,
    codecIdentity: Identity? = nil, content: JSONValue, usage: TokenUsage? = nil, provider: String,
    metadata: JSONObject = [:]
  ) {
    self.identity = identity
    self.correlationID = correlationID
    self.simulationID = simulationID
    self.codecIdentity = codecIdentity
    self.content = content
    self.usage = usage
    self.provider = provider
    self.metadata = metadata
  }

  public var payload: JSONValue {
    let members: [(String, JSONValue)] =
      [("request_correlation_id", .string(correlationID)), ("codec_identity", codecIdentity.json)]
      + identityMembers + [
        ("content", content), ("usage", usage?.json ?? .null), ("provider", .string(provider)),
        ("metadata", .object(metadata)),
      ]
    return envelope([("response", .object(JSONObject(members)))])
  }
}

/// A request, its stream or the reading of its answer failed.
public struct FailureNote: SignalNote {
  public var simulationID: JSONValue?
  public var identity: Identity
  public var correlationID: String
  /// A plain sentence.
  public var error: String
  /// Which try it was, from 1.
  public var attempt: Int

  public init(
    identity: Identity, correlationID: String, simulationID: JSONValue? = nil, error: String, attempt: Int = 1
  ) {
    self.identity = identity
    self.correlationID = correlationID
    self.simulationID = simulationID
    self.error = error
    self.attempt = attempt
  }

  public var payload: JSONValue {
    envelope([
      ("correlation_id", .string(correlationID)), ("error", .string(error)),
      ("attempt", .int(Int64(attempt))),
    ])
  }
}

/// A piece of a streamed answer came.
public struct StreamChunkNote: SignalNote {
  public var simulationID: JSONValue?
  public var identity: Identity
  public var correlationID: String
  /// A text, or a structured piece.
  public var delta: JSONValue
  /// Place among the request's pieces, gapless from 0; nil where nobody counted.
  public var index: Int?
  /// The provider marks it as the last.
  public var isDone: Bool

  public init(
    identity: Identity, correlationID: String, simulationID: JSONValue? = nil, delta: JSONValue,
    index: Int? = nil, isDone: Bool = false
  ) {
    self.identity = identity
    self.correlationID = correlationID
    self.simulationID = simulationID
    self.delta = delta
    self.index = index
    self.isDone = isDone
  }

  public var payload: JSONValue {
    var chunk: JSONObject = ["request_correlation_id": .string(correlationID), "delta": delta]
    chunk["index"] = index.map { .int(Int64($0)) }
    chunk["done"] = .bool(isDone)
    return envelope([("chunk", .object(chunk))])
  }
}

/// A stream ended well.
public struct StreamCompleteNote: SignalNote {
  public var simulationID: JSONValue?
  public var identity: Identity
  public var correlationID: String

  public init(identity: Identity, correlationID: String, simulationID: JSONValue? = nil) {
    self.identity = identity
    self.correlationID = correlationID
    self.simulationID = simulationID
  }

  public var payload: JSONValue { envelope([("correlation_id", .string(correlationID))]) }
}

extension Identity? {
  fileprivate var json: JSONValue { map { .string($0.description) } ?? .null }
}

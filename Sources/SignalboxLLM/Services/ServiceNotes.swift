internal import Signalbox

/// Makes the notes of one run, and sends them.
struct ServiceNotes {
  let signals: Signals
  let sender: Any.Type
  let identity: Identity
  let correlationID: String
  let simulationID: JSONValue?
  let meta: JSONObject

  func request<Codec: AnswerCodec>(_ request: LLMRequest, _ codec: Codec, isStreaming: Bool) {
    var meta = meta
    if meta["model"] == nil { meta["model"] = .string(request.model) }
    if meta["stream"] == nil { meta["stream"] = .bool(isStreaming) }
    let isJSON = request.options.format.isJSON
    signals.emitRequest(
      RequestNote(
        identity: identity, correlationID: correlationID, simulationID: simulationID,
        codecIdentity: self.identity(of: codec), messages: Self.messages(of: request),
        responseFormat: Self.schema(request.options.format),
        responseFormatType: isJSON ? String(reflecting: Codec.Output.self) : nil, meta: meta),
      sender: sender)
  }

  func chunk(_ text: String, index: Int) {
    signals.emitStreamChunk(
      StreamChunkNote(
        identity: identity, correlationID: correlationID, simulationID: simulationID, delta: .string(text),
        index: index), sender: sender)
  }

  func streamComplete() {
    signals.emitStreamComplete(
      StreamCompleteNote(identity: identity, correlationID: correlationID, simulationID: simulationID),
      sender: sender)
  }

  /// The answer as the model wrote it, and as the value that became of it where that is more than text.
  func response<Codec: AnswerCodec>(_ reply: Reply, _ value: Codec.Output, _ codec: Codec) {
    var content: [JSONValue] = []
    if !reply.text.isEmpty { content.append(["type": "text", "text": .string(reply.text)]) }
    for call in reply.toolCalls {
      content.append([
        "type": "tool_call", "id": .string(call.id), "name": .string(call.name),
        "arguments": .string(call.arguments),
      ])
    }
    if !(value is String) {
      content.append(["type": "value", "value": JSONValue(describing: value, limit: .max)])
    }
    var metadata: JSONObject = ["model": .string(reply.model), "attempts": .int(Int64(reply.attempts))]
    metadata["finish_reason"] = reply.finishReason.map { .string($0) }
    metadata["response_id"] = reply.id.map { .string($0) }
    metadata["duration_ms"] = .double(reply.timing.durationMS)
    metadata["first_token_ms"] = reply.timing.firstTokenMS.map { .double($0) }
    signals.emitResponse(
      ResponseNote(
        identity: identity, correlationID: correlationID, simulationID: simulationID,
        codecIdentity: identity(of: codec), content: .array(content), usage: reply.usage,
        provider: reply.provider, metadata: metadata), sender: sender)
  }

  func failure(_ error: ServiceError) {
    signals.emitFailure(
      FailureNote(
        identity: identity, correlationID: correlationID, simulationID: simulationID, error: error.message,
        attempt: max(error.attempts, 1)), sender: sender)
  }

  /// In the service's namespace and kind.
  private func identity(of codec: some AnswerCodec) -> Identity? {
    Identity(validating: "\(identity.namespace).\(identity.kind).\(Identity.part(of: codec.name))")
  }

  /// An array of `{"role", "content": [parts]}`.
  private static func messages(of request: LLMRequest) -> JSONValue {
    var described = JSONObject()
    described.describe(request)
    guard case .array(let messages) = described["input"] else { return [] }
    return .array(
      messages.map { message in
        guard case .object(var object) = message, let text = object["content"]?.string else { return message }
        object["content"] = [["type": "text", "text": .string(text)]]
        return .object(object)
      })
  }

  private static func schema(_ format: ResponseFormat) -> JSONValue? {
    switch format {
    case .text: nil
    case .json: ["type": "object"]
    case .jsonSchema(_, let schema, _): schema
    }
  }
}

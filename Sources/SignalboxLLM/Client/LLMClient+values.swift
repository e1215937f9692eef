public import Signalbox

extension LLMClient {
  /// Asks for JSON and makes a Swift value of it.
  ///
  /// With a schema the provider is held to it where it can be, in its strict form where it has one, and the value is
  /// checked against it in any case. Throws `badJSON`, with the reply as `partial`, when the answer is not that value.
  ///
  /// - Parameter decoder: such as `JSONValueDecoder(keyStrategy: .convertFromSnakeCase)`.
  public nonisolated(nonsending) func generate<Value: Decodable>(
    _ messages: [Message], model: String, as type: Value.Type, schema: JSONSchema? = nil,
    decoder: JSONValueDecoder = .init(), options: GenerationOptions = .init(),
    on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> (value: Value, reply: Reply) {
    let codec = JSONCodec(type, schema: schema, decoder: decoder)
    var options = options
    options.format = codec.format
    let reply = try await generate(messages, model: model, options: options, on: handlers)
    return (try codec.read(reply), reply)
  }

  /// The same for one text of a user.
  public nonisolated(nonsending) func generate<Value: Decodable>(
    _ prompt: String, model: String, as type: Value.Type, schema: JSONSchema? = nil,
    decoder: JSONValueDecoder = .init(), options: GenerationOptions = .init(),
    on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> (value: Value, reply: Reply) {
    try await generate(
      [.user(prompt)], model: model, as: type, schema: schema, decoder: decoder, options: options,
      on: handlers)
  }
}

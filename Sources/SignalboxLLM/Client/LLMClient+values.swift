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
    // What strict mode cannot say goes out as it is.
    let strict = try? schema?.strict()
    let sent = strict ?? schema
    var options = options
    options.format =
      sent.map { sent in
        .jsonSchema(name: Self.schemaName(of: type), schema: sent.json, strict: strict != nil)
      } ?? .json
    let reply = try await generate(messages, model: model, options: options, on: handlers)
    if let refusal = reply.refusal { throw .badJSON("the model refused: \(refusal)", reply) }
    do {
      var json = PartialJSON()
      try json.append(reply.text)
      let value = try json.finish()
      try sent?.validate(value)
      return (try decoder.decode(type, from: value), reply)
    } catch {
      throw .badJSON("the answer is not the JSON that was asked for: \(Self.words(error))", reply)
    }
  }

  public nonisolated(nonsending) func generate<Value: Decodable>(
    _ prompt: String, model: String, as type: Value.Type, schema: JSONSchema? = nil,
    decoder: JSONValueDecoder = .init(), options: GenerationOptions = .init(),
    on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> (value: Value, reply: Reply) {
    try await generate(
      [.user(prompt)], model: model, as: type, schema: schema, decoder: decoder, options: options,
      on: handlers)
  }

  /// The type's name as providers take names: letters, digits, `_` and `-`, at most 64.
  private static func schemaName(of type: Any.Type) -> String {
    let name = String(describing: type).unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        ? Character(scalar) : "_"
    }
    return String(name.prefix(64))
  }

  private static func words(_ error: any Error) -> String {
    (error as? DecodingError)?.jsonDescription ?? "\(error)"
  }
}

extension LLMError {
  fileprivate static func badJSON(_ message: String, _ reply: Reply) -> LLMError {
    LLMError(.badJSON, message, isRetryable: true, partial: reply)
  }
}

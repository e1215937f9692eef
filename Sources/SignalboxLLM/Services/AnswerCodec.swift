public import Signalbox

/// Reads what a model answered, and says how to ask for it.
public protocol AnswerCodec: Sendable {
  associatedtype Output

  /// Names the codec in notes: `namespace.kind.name`; of `[A-Za-z0-9_-]`.
  var name: String { get }
  /// The form that the model is asked for.
  var format: ResponseFormat { get }
  /// Throws when the reply is not what was asked for.
  func decode(_ reply: Reply) throws -> Output
}

/// Answers in JSON that become Swift values.
///
/// With a schema the provider is held to it where it can be, in its strict form where it has one, and the value is
/// checked against it in any case.
public struct JSONCodec<Output: Decodable>: AnswerCodec {
  public let name: String
  public let schema: JSONSchema?
  public var decoder: JSONValueDecoder
  private let isStrict: Bool

  /// - Parameters:
  ///   - name: default: the type's name in snake case.
  ///   - decoder: such as `JSONValueDecoder(keyStrategy: .convertFromSnakeCase)`.
  public init(
    _ type: Output.Type = Output.self, name: String? = nil, schema: JSONSchema? = nil,
    decoder: JSONValueDecoder = .init()
  ) {
    self.name = name ?? Identity.part(of: "\(type)")
    // What strict mode cannot say goes out as it is.
    let strict = try? schema?.strict()
    self.schema = strict ?? schema
    isStrict = strict != nil
    self.decoder = decoder
  }

  public var format: ResponseFormat {
    guard let schema else { return .json }
    return .jsonSchema(name: Self.schemaName, schema: schema.json, strict: isStrict)
  }

  /// Throws an `LLMError` with the code `badJSON` and the reply as `partial`.
  public func decode(_ reply: Reply) throws -> Output { try read(reply) }

  func read(_ reply: Reply) throws(LLMError) -> Output {
    if let refusal = reply.refusal { throw Self.badJSON("the model refused: \(refusal)", reply) }
    do {
      var json = PartialJSON()
      try json.append(reply.text)
      let value = try json.finish()
      try schema?.validate(value)
      return try decoder.decode(Output.self, from: value)
    } catch {
      let words = (error as? DecodingError)?.jsonDescription ?? "\(error)"
      throw Self.badJSON("the answer is not the JSON that was asked for: \(words)", reply)
    }
  }

  /// The type's name as providers take names: letters, digits, `_` and `-`, at most 64.
  private static var schemaName: String {
    let name = String(describing: Output.self).unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        ? Character(scalar) : "_"
    }
    return String(name.prefix(64))
  }

  private static func badJSON(_ message: String, _ reply: Reply) -> LLMError {
    LLMError(.badJSON, message, isRetryable: true, partial: reply)
  }
}

/// Answers that are plain text.
public struct TextCodec: AnswerCodec {
  public let name: String

  public init(name: String = "text") { self.name = name }

  public var format: ResponseFormat { .text }

  /// Throws an `LLMError` with the code `badReply` when the model refused.
  public func decode(_ reply: Reply) throws -> String {
    if let refusal = reply.refusal {
      throw LLMError(.badReply, "the model refused: \(refusal)", partial: reply)
    }
    return reply.text
  }
}

/// Text where a string is wanted, JSON without a schema for anything else: what a service has that names no codec.
public struct DefaultCodec<Output: Decodable>: AnswerCodec {
  private let text = TextCodec()
  private let json = JSONCodec<Output>()
  private var isText: Bool { Output.self == String.self }

  public init() {}

  public var name: String { isText ? text.name : json.name }
  public var format: ResponseFormat { isText ? text.format : json.format }

  public func decode(_ reply: Reply) throws -> Output {
    if isText, let answer = try text.decode(reply) as? Output { return answer }
    return try json.decode(reply)
  }
}

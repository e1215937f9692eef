/// Who runs the models: where it is, how it is spoken to, and which key opens it.
///
/// A key that is not given is read from the environment at every call; a missing one is an error of the call that
/// names the variable. No description shows a key.
public struct Provider: Sendable, Hashable {
  /// The format of request and reply.
  public enum API: String, Sendable, Hashable, CaseIterable {
    /// OpenAI Chat Completions.
    case chat
    /// OpenAI Responses.
    case responses
    /// Anthropic Messages.
    case messages
    /// Gemini generateContent.
    case gemini
    /// Ollama's own.
    case ollama
    /// Amazon Bedrock Converse.
    case converse
  }

  /// What one server makes of a format and others do not.
  enum Dialect: Sendable, Hashable { case standard, azure, openRouter }

  /// How the key is handed over.
  enum KeyHeader: String, Sendable, Hashable {
    case bearer = "Authorization"
    case anthropic = "x-api-key"
    case azure = "api-key"
    case google = "x-goog-api-key"
  }

  /// What events call it: `openai`, `anthropic`, ….
  public let name: String
  public let api: API
  /// What its API takes; a model may take less.
  public var capabilities: Capabilities
  var dialect = Dialect.standard
  /// Without a slash at its end, up to where the format's path begins.
  var url: Setting
  var key: Secret?
  var keyVariables: [String]
  var needsKey = true
  var keyHeader = KeyHeader.bearer
  /// Azure's, Bedrock's.
  var version: Setting?
  var region: Setting?
  var deployment: String?
  var headers: [Header] = []

  /// A header line; its value may be a secret.
  struct Header: Sendable, Hashable {
    var name: String
    var value: Secret
  }

  init(
    _ name: String, _ api: API, _ capabilities: Capabilities, url: Setting, key: String?,
    keyVariables: [String] = [], headers: [String: String]
  ) {
    self.name = name
    self.api = api
    self.capabilities = capabilities
    self.url = url
    self.key = key.map { Secret($0.trimmed) }
    self.keyVariables = keyVariables
    self.headers = headers.sorted { $0.key < $1.key }.map { Header(name: $0.key, value: Secret($0.value)) }
  }

  /// The same provider with this header on every request; it goes before one of that name that Signalbox sends.
  public func header(_ name: String, _ value: String) -> Provider {
    var copy = self
    copy.headers.removeAll { $0.name.lowercased() == name.lowercased() }
    copy.headers.append(Header(name: name, value: Secret(value)))
    return copy
  }
}

extension Provider: CustomStringConvertible {
  public var description: String { "\(name) (\(api.rawValue))" }
}

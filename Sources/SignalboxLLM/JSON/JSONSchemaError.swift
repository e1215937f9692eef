public import Signalbox

/// How a value breaks a schema.
public struct JSONSchemaError: Error, Sendable, Hashable {
  /// Where in the value.
  public let path: JSONPath
  /// The keyword that was broken, such as `minLength`; `limit` when checking was given up.
  public let rule: String
  /// What the rule asks for: `must have at least 3 characters`.
  public let message: String
  /// What was found: a short value as JSON, of others their kind and size.
  public let found: String

  static let limit = "limit"
}

extension JSONSchemaError: CustomStringConvertible {
  /// `$.items[3].name: must be a string, found 12 (type)`
  public var description: String { "\(path): \(message), found \(found) (\(rule))" }
}

/// Why a JSON value is no schema.
public struct JSONSchemaDefinitionError: Error, Sendable, Hashable {
  /// Where in the schema.
  public let path: JSONPath
  /// A plain sentence.
  public let message: String
}

extension JSONSchemaDefinitionError: CustomStringConvertible {
  public var description: String { "\(path): \(message)" }
}

extension JSONValue {
  /// The value itself when it is short, else what it is.
  var summary: String {
    switch self {
    case .string(let text):
      text.utf8.count <= 40 ? description : "a string of \(text.unicodeScalars.count) characters"
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    default: description
    }
  }
}

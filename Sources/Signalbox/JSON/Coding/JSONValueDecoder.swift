/// Makes Swift values of JSON values, by `Decodable`.
///
/// Numbers convert when nothing is lost: `2.0` is an integer, `300` is no `UInt8`. Of a name that occurs twice the
/// first member counts. Dates, URLs and data have no form of their own here, only what their types write.
public struct JSONValueDecoder: Sendable {
  /// How names in JSON become those of Swift.
  public enum KeyStrategy: Sendable {
    case useDefaultKeys
    /// `first_name` is the key `firstName`; underscores at the ends stay. The keys of dictionaries are data and
    /// stay as they are.
    case convertFromSnakeCase
  }

  public var keyStrategy: KeyStrategy
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  public init(keyStrategy: KeyStrategy = .useDefaultKeys) { self.keyStrategy = keyStrategy }

  /// Throws a `DecodingError`, or what a type's own `init(from:)` throws; `jsonDescription` puts the former in
  /// words.
  public func decode<T: Decodable>(_ type: T.Type = T.self, from value: JSONValue) throws -> T {
    try JSONDecoding(value: value, options: self).decode(type)
  }
}

extension DecodingError {
  /// Where decoding failed.
  public var path: JSONPath {
    switch self {
    case .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      JSONPath(context.codingPath)
    @unknown default: .root
    }
  }

  /// The error in a sentence, `$.a[2].b: expected a string, found a number`.
  public var jsonDescription: String {
    switch self {
    case .keyNotFound(let key, _): "\(path): the member \"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "\(path): \(context.debugDescription)"
    @unknown default: String(describing: self)
    }
  }
}

extension JSONValue {
  /// What it is, for messages: `a string`, `null`.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

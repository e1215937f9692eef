/// Makes JSON values of Swift values, by `Encodable`.
///
/// Members keep the order in which a type encodes them; a dictionary's are sorted by name, so that the same value
/// always makes the same text.
public struct JSONValueEncoder: Sendable {
  /// How names in Swift become those of JSON.
  public enum KeyStrategy: Sendable {
    case useDefaultKeys
    /// `firstName` is the member `first_name`. The keys of dictionaries are data and stay as they are.
    case convertToSnakeCase
  }

  public var keyStrategy: KeyStrategy
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  public init(keyStrategy: KeyStrategy = .useDefaultKeys) { self.keyStrategy = keyStrategy }

  /// Throws an `EncodingError` for an infinity, NaN, an integer that neither `Int64` nor `Double` holds exactly,
  /// and a value that encodes nothing; and what a type's own `encode(to:)` throws.
  public func encode(_ value: some Encodable) throws -> JSONValue {
    let encoding = JSONEncoding(options: self, codingPath: [])
    guard let encoded = try encoding.encoded(value) else {
      let message = "\(type(of: value)) encodes nothing"
      throw EncodingError.invalidValue(
        value, EncodingError.Context(codingPath: [], debugDescription: message))
    }
    return encoded
  }
}

extension EncodingError {
  /// Where encoding failed.
  public var path: JSONPath {
    switch self {
    case .invalidValue(_, let context): JSONPath(context.codingPath)
    @unknown default: .root
    }
  }
}

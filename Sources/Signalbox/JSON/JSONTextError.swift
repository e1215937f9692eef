/// Why a text is not the JSON value that was expected.
public struct JSONTextError: Error, Sendable, Hashable {
  /// What is wrong with the text.
  public enum Reason: Sendable, Hashable {
    /// The text breaks a rule of RFC 8259, or is not UTF-8.
    case invalid
    /// The text ended before the value did.
    case incomplete
    /// The text goes beyond a limit, or a number beyond what a `Double` holds.
    case limit
  }

  public let reason: Reason
  /// A plain sentence.
  public let message: String
  /// How many bytes of UTF-8 lie before the place, over all pieces.
  public let offset: Int
  /// The value that was being read, or the container when it was between two values.
  public let path: JSONPath
}

extension JSONTextError: CustomStringConvertible {
  /// `$.items[2] (byte 31): Expected ',' or ']', found 'x'`
  public var description: String { "\(path) (byte \(offset)): \(message)" }
}

/// Which values of an instrumented piece of work its events carry.
public struct SpanCapture: OptionSet, Sendable, Hashable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// What it was given, in its start.
  public static let input = SpanCapture(rawValue: 1)
  /// What it returned, in its end.
  public static let output = SpanCapture(rawValue: 2)
  /// Neither what goes in nor what comes out.
  public static let none: SpanCapture = []
  /// What goes in and what comes out.
  public static let all: SpanCapture = [.input, .output]
}

/// A value as an event carries it: JSON, cut where it is too long.
struct CapturedValue {
  var json: JSONValue
  /// Bytes of its JSON text, where it was cut.
  var original: Int?

  /// Nil: there is nothing to tell. What is no JSON is described.
  init?<Value>(_ value: Value, limit: Int) {
    if Value.self == Void.self { return nil }
    (json, original) = Self.json(of: value).shortened(to: max(limit, 2))
  }

  private static func json<Value>(of value: Value) -> JSONValue {
    // What is common needs no encoder; and a cast that may fail costs more than to compare the types.
    if Value.self == String.self, let text = value as? String { return .string(text) }
    if Value.self == Int.self, let number = value as? Int { return .int(Int64(number)) }
    if Value.self == Bool.self, let flag = value as? Bool { return .bool(flag) }
    if Value.self == JSONValue.self, let json = value as? JSONValue { return json }
    if let encodable = value as? any Encodable, let json = try? JSONValueEncoder().encode(encodable) {
      return json
    }
    if let described = value as? any CustomStringConvertible { return .string(described.description) }
    return .string("a \(type(of: value))")
  }
}

public import Signalbox

/// What form the answer has.
public enum ResponseFormat: Sendable, Hashable {
  /// Free text. The default.
  case text
  /// One JSON value of any shape.
  case json
  /// JSON by a schema. `name`: letters, digits, `_` and `-`, at most 64. `strict`: the provider holds the model to
  /// it, where it can; OpenAI then wants every property required and `additionalProperties` false.
  case jsonSchema(name: String, schema: JSONValue, strict: Bool = true)

  public var isJSON: Bool { self != .text }
}

/// How much the model shall think before it answers. Providers know different steps: the nearest is taken.
public struct ReasoningEffort: Sendable, Hashable, CustomStringConvertible {
  /// As it is written to providers that take words.
  public let description: String

  public init(_ name: String) { description = name }

  /// Not at all.
  public static let off = ReasoningEffort("none")
  public static let minimal = ReasoningEffort("minimal")
  public static let low = ReasoningEffort("low")
  public static let medium = ReasoningEffort("medium")
  public static let high = ReasoningEffort("high")
  public static let xhigh = ReasoningEffort("xhigh")
  public static let max = ReasoningEffort("max")
}

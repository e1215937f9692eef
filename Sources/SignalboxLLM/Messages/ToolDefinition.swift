public import Signalbox

/// A tool that the model may call.
public struct ToolDefinition: Sendable, Hashable {
  /// Letters, digits, `_` and `-`; at most 64.
  public var name: String
  /// When to use it and what it does; the model goes by it.
  public var description: String
  /// JSON Schema of its arguments, an object.
  public var schema: JSONValue
  /// The provider shall hold the arguments to the schema, where it can. Default: its own.
  public var strict: Bool?

  public init(
    _ name: String, _ description: String, schema: JSONValue = ["type": "object", "properties": [:]],
    strict: Bool? = nil
  ) {
    self.name = name
    self.description = description
    self.schema = schema
    self.strict = strict
  }
}

/// Whether the model calls tools.
public enum ToolChoice: Sendable, Hashable {
  /// As it sees fit; what providers do by default.
  case auto
  /// It must call some tool.
  case required
  /// It must not.
  case never
  /// It must call this one.
  case tool(String)
}

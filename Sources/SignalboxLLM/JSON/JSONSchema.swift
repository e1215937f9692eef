public import Signalbox

/// A JSON Schema: what a JSON value must look like.
///
/// It knows these keywords of JSON Schema 2020-12: `type`, `enum`, `const`, `minimum`, `maximum`,
/// `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`, `minLength`, `maxLength`, `pattern`, `minItems`,
/// `maxItems`, `uniqueItems`, `prefixItems`, `items`, `properties`, `patternProperties`, `additionalProperties`,
/// `required`, `allOf`, `anyOf`, `oneOf`, `not`, and `$ref` to a place in the same schema. All others, `format`
/// among them, are annotations: they are kept and not checked.
public struct JSONSchema: Sendable {
  /// The schema as it is sent to a provider.
  public let json: JSONValue
  let nodes: [SchemaNode]

  /// Throws when the schema is malformed, refers to what is not there or to itself without end.
  public init(_ json: JSONValue) throws(JSONSchemaDefinitionError) {
    try self.init(json, checking: json)
  }

  /// A schema that is sent in one form and checks by another.
  init(_ json: JSONValue, checking checked: JSONValue) throws(JSONSchemaDefinitionError) {
    self.json = json
    nodes = try SchemaCompiler.compile(checked)
  }

  /// Throws for the first rule that the value breaks. A check that takes more than two million steps, or nests
  /// deeper than 256 schemas, ends with the rule `limit`.
  public func validate(_ value: JSONValue) throws(JSONSchemaError) {
    var validation = SchemaValidation(nodes: nodes)
    try validation.check(value, 0)
  }
}

extension JSONSchema: CustomStringConvertible {
  /// The schema as JSON text.
  public var description: String { json.description }
}

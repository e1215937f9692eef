import Signalbox

extension JSONSchema {
  /// The schema as OpenAI's strict mode wants it: every object is closed and requires all of its members, and
  /// what was optional may be `null` instead.
  ///
  /// What strict mode refuses but can be left out (lengths, `uniqueItems`, annotations) is not in `json`, and
  /// still checked by `validate`; `oneOf` is sent as `anyOf`. Throws where the meaning would be lost: open
  /// objects, arrays and values of any kind, `allOf`, `not`, `prefixItems`, `patternProperties`, or a root
  /// that is no object.
  public func strict() throws(JSONSchemaDefinitionError) -> JSONSchema {
    guard json["type"] == "object", json["anyOf"] == nil, json["oneOf"] == nil else {
      throw JSONSchemaDefinitionError(path: .root, message: "Strict mode wants an object at the root")
    }
    return try JSONSchema(
      StrictForm(isSent: true).schema(json, at: []), checking: StrictForm(isSent: false).schema(json, at: []))
  }

  /// A schema that also accepts `null`.
  static func nullable(_ schema: JSONValue) -> JSONValue {
    guard case .object(var object) = schema, object["const"] == nil, object["$ref"] == nil else {
      return ["anyOf": [schema, ["type": "null"]]]
    }
    for keyword in ["anyOf", "oneOf"] {
      if object["type"] == nil, object["enum"] == nil, case .array(let alternatives)? = object[keyword] {
        let null: JSONValue = ["type": "null"]
        if !alternatives.contains(null) { object[keyword] = .array(alternatives + [null]) }
        return .object(object)
      }
    }
    if case .array(let values)? = object["enum"], !values.contains(.null) {
      object["enum"] = .array(values + [.null])
    }
    switch object["type"] {
    case .string(let type)?: object["type"] = [.string(type), "null"]
    case .array(let types)? where !types.contains("null"): object["type"] = .array(types + ["null"])
    default: break
    }
    return .object(object)
  }
}

/// Rewrites a schema for strict mode.
private struct StrictForm {
  /// Whether it is the form to be sent, without what the provider does not know, or the one to check by.
  let isSent: Bool

  private static let sent: Set<String> = [
    "type", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf", "$ref",
    "$defs",
    "definitions", "title", "description", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
  ]
  private static let formats: Set<String> = [
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
  ]
  private static let refused = ["allOf", "not", "prefixItems", "patternProperties"]

  func schema(_ schema: JSONValue, at steps: [JSONPath.Step]) throws(JSONSchemaDefinitionError) -> JSONValue {
    guard case .object(var object) = schema else {
      throw error(steps, "Strict mode has no schema of any value")
    }
    for keyword in Self.refused where object[keyword] != nil {
      throw error(steps + [.key(keyword)], "Strict mode has no \(keyword)")
    }
    let says = ["type", "enum", "const", "anyOf", "oneOf", "$ref"].contains { object[$0] != nil }
    guard says else { throw error(steps, "Strict mode has no schema of any value") }
    if has(object, "object") { try close(&object, at: steps) }
    if has(object, "array") {
      guard let items = object["items"] else { throw error(steps, "Strict mode wants items in an array") }
      object["items"] = try self.schema(items, at: steps + [.key("items")])
    }
    for keyword in ["anyOf", "oneOf"] {
      guard case .array(let alternatives)? = object[keyword] else { continue }
      var rewritten: [JSONValue] = []
      for (place, alternative) in alternatives.enumerated() {
        rewritten.append(try self.schema(alternative, at: steps + [.key(keyword), .index(place)]))
      }
      object[keyword] = .array(rewritten)
    }
    for keyword in ["$defs", "definitions"] {
      guard case .object(var definitions)? = object[keyword] else { continue }
      for place in definitions.members.indices {
        let (name, definition) = definitions.members[place]
        definitions.members[place].1 = try self.schema(definition, at: steps + [.key(keyword), .key(name)])
      }
      object[keyword] = .object(definitions)
    }
    return .object(isSent ? try sendable(object, at: steps) : object)
  }

  private func has(_ object: JSONObject, _ type: JSONValue) -> Bool {
    if case .array(let types)? = object["type"] { return types.contains(type) }
    return object["type"] == type
  }

  /// Closes an object and requires all of its members.
  private func close(_ object: inout JSONObject, at steps: [JSONPath.Step]) throws(JSONSchemaDefinitionError)
  {
    guard case .object(var properties)? = object["properties"],
      object["additionalProperties"] ?? false == false
    else { throw error(steps, "Strict mode has no open objects") }
    var required: [JSONValue] = []
    if case .array(let names)? = object["required"] { required = names }
    if let missing = required.first(where: { properties[$0.string ?? ""] == nil }) {
      throw error(steps + [.key("required")], "Strict mode wants \(missing) among the properties")
    }
    for place in properties.members.indices {
      let (name, property) = properties.members[place]
      let rewritten = try schema(property, at: steps + [.key("properties"), .key(name)])
      let isOptional = !required.contains(.string(name))
      properties.members[place].1 = isOptional ? JSONSchema.nullable(rewritten) : rewritten
    }
    object["properties"] = .object(properties)
    object["required"] = .array(properties.members.map { .string($0.0) })
    object["additionalProperties"] = false
  }

  private func sendable(
    _ object: JSONObject, at steps: [JSONPath.Step]
  ) throws(JSONSchemaDefinitionError) -> JSONObject {
    var object = object
    if let alternatives = object["oneOf"] {
      guard object["anyOf"] == nil else { throw error(steps, "Strict mode has no oneOf beside anyOf") }
      object["anyOf"] = alternatives
    }
    if let format = object["format"]?.string, !Self.formats.contains(format) { object["format"] = nil }
    object.members.removeAll { !Self.sent.contains($0.0) }
    return object
  }

  private func error(_ steps: [JSONPath.Step], _ message: String) -> JSONSchemaDefinitionError {
    JSONSchemaDefinitionError(path: JSONPath(steps), message: message)
  }
}

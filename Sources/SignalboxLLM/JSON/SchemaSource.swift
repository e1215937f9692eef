import Signalbox

/// The keywords of one schema object, read with the checks that each needs.
struct SchemaSource {
  let object: JSONObject
  let steps: [JSONPath.Step]

  private func error(_ keyword: String, _ message: String) -> JSONSchemaDefinitionError {
    JSONSchemaDefinitionError(path: JSONPath(steps + [.key(keyword)]), message: message)
  }

  /// The rules that look at nothing below the value.
  func scalarRules() throws(JSONSchemaDefinitionError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let types = try types() { rules.append(.types(types)) }
    var steps = 0
    if let value = object["const"] {
      rules.append(.values([value.canonical(counting: &steps)], keyword: "const"))
    }
    if let values = try array("enum") {
      rules.append(.values(values.map { $0.canonical(counting: &steps) }, keyword: "enum"))
    }
    for bound in SchemaRule.Bound.allCases {
      if let number = try number(bound.rawValue) { rules.append(.bound(bound, number)) }
    }
    if let divisor = try number("multipleOf") {
      guard .int(0) < divisor else { throw error("multipleOf", "Expected a number above 0") }
      rules.append(.multiple(of: divisor))
    }
    if let count = try count("minLength") { rules.append(.minLength(count)) }
    if let count = try count("maxLength") { rules.append(.maxLength(count)) }
    if let text = try text("pattern") {
      rules.append(.pattern(try pattern(text, at: self.steps + [.key("pattern")])))
    }
    if let count = try count("minItems") { rules.append(.minItems(count)) }
    if let count = try count("maxItems") { rules.append(.maxItems(count)) }
    if let isUnique = object["uniqueItems"] {
      guard case .bool(let isUnique) = isUnique else { throw error("uniqueItems", "Expected a boolean") }
      if isUnique { rules.append(.uniqueItems) }
    }
    if let names = try array("required") {
      let texts = names.compactMap(\.string)
      guard texts.count == names.count else { throw error("required", "Expected an array of strings") }
      rules.append(.required(texts))
    }
    return rules
  }

  private func types() throws(JSONSchemaDefinitionError) -> JSONTypes? {
    let names: [JSONValue]
    switch object["type"] {
    case nil: return nil
    case .array(let several)?: names = several
    case let one?: names = [one]
    }
    var types: JSONTypes = []
    for name in names {
      guard let type = JSONTypes.names.first(where: { $0.0 == name.string }) else {
        throw error("type", "There is no type \(name.summary)")
      }
      types.insert(type.1)
    }
    return types
  }

  private func array(_ keyword: String) throws(JSONSchemaDefinitionError) -> [JSONValue]? {
    guard let value = object[keyword] else { return nil }
    guard case .array(let elements) = value else { throw error(keyword, "Expected an array") }
    return elements
  }

  private func number(_ keyword: String) throws(JSONSchemaDefinitionError) -> JSONNumber? {
    guard let value = object[keyword] else { return nil }
    guard let number = JSONNumber(value) else { throw error(keyword, "Expected a number") }
    return number
  }

  private func count(_ keyword: String) throws(JSONSchemaDefinitionError) -> Int? {
    guard let number = try number(keyword) else { return nil }
    guard let count = Int(exactly: number.double), count >= 0 else {
      throw error(keyword, "Expected a whole number, 0 or more")
    }
    return count
  }

  func text(_ keyword: String) throws(JSONSchemaDefinitionError) -> String? {
    guard let value = object[keyword] else { return nil }
    guard let text = value.string else { throw error(keyword, "Expected a string") }
    return text
  }

  func pattern(_ text: String, at steps: [JSONPath.Step]) throws(JSONSchemaDefinitionError) -> TextPattern {
    do {
      return try TextPattern(text)
    } catch {
      throw JSONSchemaDefinitionError(path: JSONPath(steps), message: error.message)
    }
  }

  func members(_ keyword: String) throws(JSONSchemaDefinitionError) -> [(String, JSONValue)] {
    guard let value = object[keyword] else { return [] }
    guard case .object(let members) = value else { throw error(keyword, "Expected an object") }
    return members.members
  }

  /// The schemas in an array, each with its place.
  func schemas(_ keyword: String) throws(JSONSchemaDefinitionError) -> [(JSONValue, [JSONPath.Step])] {
    guard let schemas = try array(keyword) else { return [] }
    guard !schemas.isEmpty else { throw error(keyword, "Expected at least one schema") }
    return schemas.enumerated().map { ($0.element, steps + [.key(keyword), .index($0.offset)]) }
  }
}

import Signalbox

/// Schemas written in Swift: `.object(["urgency": .enumeration(["low", "high"]), "age": .integer(min: 0)])`.
extension JSONSchema {
  public static var string: JSONSchema { built(["type": "string"]) }
  public static var integer: JSONSchema { built(["type": "integer"]) }
  public static var number: JSONSchema { built(["type": "number"]) }
  public static var boolean: JSONSchema { built(["type": "boolean"]) }
  public static var null: JSONSchema { built(["type": "null"]) }
  /// Any value.
  public static var any: JSONSchema { built([:]) }

  /// - Parameters:
  ///   - min: least number of characters (Unicode scalars).
  ///   - pattern: a regular expression that some part of the text must match; the program stops when it is none.
  ///   - format: what the text is, such as `date-time`; not checked.
  public static func string(
    min: Int? = nil, max: Int? = nil, pattern: String? = nil, format: String? = nil
  ) -> JSONSchema {
    built([
      "type": "string", "minLength": min.json, "maxLength": max.json, "pattern": pattern.json,
      "format": format.json,
    ])
  }

  /// A whole number, within the bounds that are given.
  public static func integer(min: Int? = nil, max: Int? = nil) -> JSONSchema {
    built(["type": "integer", "minimum": min.json, "maximum": max.json])
  }

  /// A number, within the bounds that are given.
  public static func number(min: Double? = nil, max: Double? = nil) -> JSONSchema {
    built(["type": "number", "minimum": min.json, "maximum": max.json])
  }

  /// One of these texts.
  public static func enumeration(_ texts: [String]) -> JSONSchema {
    built(["type": "string", "enum": .array(texts.map { .string($0) })])
  }

  /// - Parameter min: least number of elements.
  public static func array(of element: JSONSchema, min: Int? = nil, max: Int? = nil) -> JSONSchema {
    built(["type": "array", "items": element.part, "minItems": min.json, "maxItems": max.json])
  }

  /// An object with these members, all of which are required unless they are named as optional.
  /// - Parameter additional: the schema of other members; `nil` forbids them.
  public static func object(
    _ members: KeyValuePairs<String, JSONSchema>, optional: Set<String> = [], additional: JSONSchema? = nil
  ) -> JSONSchema {
    let names = members.map(\.key)
    precondition(optional.isSubset(of: names), "An optional member is not among the members")
    return built([
      "type": "object",
      "properties": .object(JSONObject(members.map { ($0.key, $0.value.part) })),
      "required": .array(names.filter { !optional.contains($0) }.map { .string($0) }),
      "additionalProperties": additional?.part ?? false,
    ])
  }

  /// A value that matches at least one of these.
  public static func any(of alternatives: [JSONSchema]) -> JSONSchema {
    built(["anyOf": .array(alternatives.map(\.part))])
  }

  /// This, or `null`.
  public var nullable: JSONSchema { Self.built(Self.nullable(part)) }

  /// This with a description, which the model reads.
  public func described(_ text: String) -> JSONSchema { annotated("description", text) }

  /// The same schema with a title.
  public func titled(_ text: String) -> JSONSchema { annotated("title", text) }

  private func annotated(_ keyword: String, _ text: String) -> JSONSchema {
    guard case .object(var object) = json else { return self }
    object[keyword] = .string(text)
    return Self.built(.object(object))
  }

  /// The schema as a part of another. References lead from the root of a schema, so they would go astray.
  private var part: JSONValue {
    precondition(!Self.refers(json), "A schema with $ref cannot be part of another: write the whole as JSON")
    return json
  }

  private static func refers(_ json: JSONValue) -> Bool {
    switch json {
    case .array(let elements): elements.contains(where: refers)
    case .object(let object): object.members.contains { $0.0 == "$ref" || refers($0.1) }
    default: false
    }
  }

  /// A schema of these keywords, without those that are `null`.
  private static func built(_ json: JSONValue) -> JSONSchema {
    guard case .object(var object) = json else { preconditionFailure("A schema is an object") }
    object.members.removeAll { $0.1 == .null }
    do {
      return try JSONSchema(.object(object))
    } catch {
      preconditionFailure("The schema is malformed: \(error)")
    }
  }
}

extension Int? {
  fileprivate var json: JSONValue { map { .int(Int64($0)) } ?? .null }
}

extension Double? {
  fileprivate var json: JSONValue { map { .double($0) } ?? .null }
}

extension String? {
  fileprivate var json: JSONValue { map { .string($0) } ?? .null }
}

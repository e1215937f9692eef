internal import Signalbox

/// Finds the schema of a type: decodes a specimen of it from nothing, and notes what it asks for.
enum SchemaSpecimen {
  /// Deepest nesting.
  private static let depth = 32

  static func schema<T: Decodable>(of type: T.Type) throws(JSONSchemaDerivationError) -> JSONValue {
    do { return try specimen(of: type, at: Place()).schema } catch let error as JSONSchemaDerivationError {
      throw error
    } catch {
      throw JSONSchemaDerivationError(path: .root, message: "\(error)")
    }
  }

  /// Where a value is, and the types that it is part of.
  struct Place {
    var path: [any CodingKey] = []
    var types: [Any.Type] = []

    func error(_ message: String) -> JSONSchemaDerivationError {
      JSONSchemaDerivationError(path: JSONPath(path), message: message)
    }

    func member(_ key: any CodingKey) -> Place { Place(path: path + [key], types: types) }
  }

  /// The schema, and a value by it.
  static func specimen<T: Decodable>(of type: T.Type, at place: Place) throws -> (schema: JSONValue, value: T)
  {
    if let (schema, value) = scalar(type) { return (schema, value) }
    if let known = try (type as? any KnownShape.Type)?.shape(at: place), let value = known.value as? T {
      return (known.schema, value)
    }
    if let (schema, value) = try enumeration(type, at: place) { return (schema, value) }
    guard !place.types.contains(where: { $0 == type }) else { throw place.error("\(type) is part of itself") }
    guard place.types.count < depth else { throw place.error("the type is nested too deeply") }
    let decoder = SpecimenDecoder(Place(path: place.path, types: place.types + [type]))
    do {
      let value = try T(from: decoder)
      return (decoder.schema, value)
    } catch let error as JSONSchemaDerivationError {
      throw error
    } catch {
      let hint = "\(type) takes no specimen; give the schema, or make an enumeration CaseIterable"
      throw place.error(hint)
    }
  }

  private static func scalar<T>(_ type: T.Type) -> (JSONValue, T)? {
    func found(_ schema: JSONValue, _ value: some Any) -> (JSONValue, T)? {
      (value as? T).map { (schema, $0) }
    }
    if type == String.self { return found(["type": "string"], "") }
    if type == Bool.self { return found(["type": "boolean"], false) }
    if type == Double.self { return found(["type": "number"], 0.0) }
    if type == Float.self { return found(["type": "number"], Float(0)) }
    if type == JSONValue.self { return found([:], JSONValue.null) }
    if type == JSONObject.self { return found(["type": "object"], JSONObject()) }
    guard let integer = type as? any FixedWidthInteger.Type else { return nil }
    let schema: JSONValue = integer.isSigned ? ["type": "integer"] : ["type": "integer", "minimum": 0]
    return found(schema, integer.init(0))
  }

  private static func enumeration<T>(_ type: T.Type, at place: Place) throws -> (JSONValue, T)? {
    guard let cases = type as? any (RawRepresentable & CaseIterable).Type else { return nil }
    let values = rawValues(of: cases)
    guard let first = firstCase(of: cases) as? T, !values.isEmpty else {
      throw place.error("\(type) has no cases that are texts or whole numbers")
    }
    let name = values[0].string == nil ? "integer" : "string"
    return (["type": .string(name), "enum": .array(values)], first)
  }

  private static func firstCase<T: CaseIterable>(of type: T.Type) -> Any? { type.allCases.first }

  /// Of every case; nothing when one is neither a text nor a whole number.
  private static func rawValues<T: RawRepresentable & CaseIterable>(of type: T.Type) -> [JSONValue] {
    let values = type.allCases.compactMap { element -> JSONValue? in
      if let text = element.rawValue as? String { return .string(text) }
      guard let number = element.rawValue as? any FixedWidthInteger else { return nil }
      return Int64(exactly: number).map { .int($0) }
    }
    return values.count == type.allCases.count ? values : []
  }
}

/// Types of the standard library whose shape their decoding does not show.
private protocol KnownShape {
  static func shape(at place: SchemaSpecimen.Place) throws -> (schema: JSONValue, value: Any)
}

extension Optional: KnownShape where Wrapped: Decodable {
  static func shape(at place: SchemaSpecimen.Place) throws -> (schema: JSONValue, value: Any) {
    let (schema, value) = try SchemaSpecimen.specimen(of: Wrapped.self, at: place)
    return (["anyOf": [schema, ["type": "null"]]], Optional(value) as Any)
  }
}

extension Dictionary: KnownShape where Key: Decodable, Value: Decodable {
  static func shape(at place: SchemaSpecimen.Place) throws -> (schema: JSONValue, value: Any) {
    guard Key.self == String.self else { throw place.error("the keys of a dictionary must be texts") }
    // A value stands at any name.
    let place = place.member(SpecimenKey("*"))
    let (schema, _) = try SchemaSpecimen.specimen(of: Value.self, at: place)
    return (["type": "object", "additionalProperties": schema], [Key: Value]())
  }
}

struct SpecimenKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ name: String) {
    stringValue = name
    intValue = nil
  }

  init(index: Int) {
    stringValue = "Index \(index)"
    intValue = index
  }

  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { self.init(index: intValue) }
}

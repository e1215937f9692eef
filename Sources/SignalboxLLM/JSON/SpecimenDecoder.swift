internal import Signalbox

/// Decodes one value from nothing and notes what it asks for.
///
/// A class, because the containers that a type takes from it note into it; confined to one call of `T.init(from:)`.
final class SpecimenDecoder: Decoder {
  private enum Shape {
    case unknown
    case value(JSONValue)
    case object
    case array(JSONValue?)
  }

  let place: SchemaSpecimen.Place
  private var shape = Shape.unknown
  private var members = JSONObject()
  private var required: [JSONValue] = []

  init(_ place: SchemaSpecimen.Place) { self.place = place }

  var codingPath: [any CodingKey] { place.path }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// What was asked for.
  var schema: JSONValue {
    switch shape {
    case .value(let schema): return schema
    case .array(let element): return ["type": "array", "items": element ?? [:]]
    case .object, .unknown:
      // A structure without members asks for nothing, or for a container only.
      var object: JSONObject = ["type": "object", "properties": .object(members)]
      object["required"] = .array(required)
      object["additionalProperties"] = false
      return .object(object)
    }
  }

  func note(_ schema: JSONValue, at key: any CodingKey, isRequired: Bool) {
    members[key.stringValue] = schema
    if isRequired, !required.contains(.string(key.stringValue)) { required.append(.string(key.stringValue)) }
  }

  func note(element schema: JSONValue) { shape = .array(schema) }

  private func enter(_ shape: Shape) throws {
    switch (self.shape, shape) {
    case (.unknown, _), (.object, .object): self.shape = shape
    default: throw place.error("the type is decoded in more than one way; give the schema")
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try enter(.object)
    return KeyedDecodingContainer(SpecimenMembers(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try enter(.array(nil))
    return SpecimenElements(decoder: self)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension SpecimenDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let (schema, value) = try SchemaSpecimen.specimen(of: type, at: place)
    try enter(.value(schema))
    return value
  }
}

/// The members that a type asks for.
private struct SpecimenMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: SpecimenDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { [] }

  func contains(_ key: Key) -> Bool { true }

  func decodeNil(forKey key: Key) throws -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decode(type, forKey: key, isRequired: true)
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    try decode(type, forKey: key, isRequired: false)
  }

  // The protocol's own ones for these types would ask `decode`, as if they were required.
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
    try decode(type, forKey: key, isRequired: false)
  }

  func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? {
    try decode(type, forKey: key, isRequired: false)
  }

  private func decode<T: Decodable>(_ type: T.Type, forKey key: Key, isRequired: Bool) throws -> T {
    let (schema, value) = try SchemaSpecimen.specimen(of: type, at: decoder.place.member(key))
    decoder.note(schema, at: key, isRequired: isRequired)
    return value
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    throw unknown(key)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw unknown(key) }

  func superDecoder() throws -> any Decoder { throw decoder.place.error("a subclass; give the schema") }

  func superDecoder(forKey key: Key) throws -> any Decoder { throw unknown(key) }

  private func unknown(_ key: Key) -> JSONSchemaDerivationError {
    decoder.place.member(key).error("the type takes it apart by hand; give the schema")
  }
}

/// One element of an array.
private struct SpecimenElements: UnkeyedDecodingContainer {
  let decoder: SpecimenDecoder
  private(set) var currentIndex = 0

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { 1 }
  var isAtEnd: Bool { currentIndex > 0 }

  init(decoder: SpecimenDecoder) { self.decoder = decoder }

  mutating func decodeNil() throws -> Bool { false }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard !isAtEnd else { throw decoder.place.error("an array whose places have a meaning; give the schema") }
    let (schema, value) = try SchemaSpecimen.specimen(
      of: type, at: decoder.place.member(SpecimenKey(index: 0)))
    decoder.note(element: schema)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    throw decoder.place.error("the type takes its elements apart by hand; give the schema")
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw decoder.place.error("the type takes its elements apart by hand; give the schema")
  }

  mutating func superDecoder() throws -> any Decoder {
    throw decoder.place.error("a subclass; give the schema")
  }
}

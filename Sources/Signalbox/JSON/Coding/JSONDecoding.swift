/// One value that is being decoded.
struct JSONDecoding: Decoder {
  let value: JSONValue
  let options: JSONValueDecoder
  /// The path of the container, and the key of the value in it: joined when somebody asks, not for every value.
  var parents: [any CodingKey] = []
  var key: (any CodingKey)?
  /// Whether the members are a dictionary's, whose keys are not converted.
  var isDictionary = false

  var codingPath: [any CodingKey] { key.map { parents + [$0] } ?? parents }
  var userInfo: [CodingUserInfoKey: Any] { options.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(JSONKeyedDecoding(try object(), decoding: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw mismatch([JSONValue].self, "an array") }
    return JSONUnkeyedDecoding(elements: elements, decoding: self)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func child(_ value: JSONValue, at key: any CodingKey, in path: [any CodingKey]) -> JSONDecoding {
    JSONDecoding(value: value, options: options, parents: path, key: key)
  }
}

extension JSONDecoding: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  // One generic method is the witness of the requirements for Bool, String and all numbers.
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if let scalar = try scalar(type) { return scalar }
    var decoder = self
    decoder.isDictionary = options.keyStrategy != .useDefaultKeys && type is any DataKeyed.Type
    return try T(from: decoder)
  }

  /// `nil` when the type is none of those that JSON values are made into here.
  private func scalar<T>(_ type: T.Type) throws -> T? {
    if type == String.self { return try string() as? T }
    if type == Int.self { return try integer(Int.self) as? T }
    if type == Double.self { return try double() as? T }
    if type == Bool.self { return try bool() as? T }
    if type == JSONValue.self { return value as? T }
    if type == JSONObject.self { return try object() as? T }
    if type == Float.self { return try float() as? T }
    if type == Int64.self { return try integer(Int64.self) as? T }
    if type == Int32.self { return try integer(Int32.self) as? T }
    if type == Int16.self { return try integer(Int16.self) as? T }
    if type == Int8.self { return try integer(Int8.self) as? T }
    if type == Int128.self { return try integer(Int128.self) as? T }
    if type == UInt.self { return try integer(UInt.self) as? T }
    if type == UInt64.self { return try integer(UInt64.self) as? T }
    if type == UInt32.self { return try integer(UInt32.self) as? T }
    if type == UInt16.self { return try integer(UInt16.self) as? T }
    if type == UInt8.self { return try integer(UInt8.self) as? T }
    if type == UInt128.self { return try integer(UInt128.self) as? T }
    return nil
  }

  private func object() throws -> JSONObject {
    guard case .object(let object) = value else { throw mismatch(JSONObject.self, "an object") }
    return object
  }

  private func string() throws -> String {
    guard case .string(let text) = value else { throw mismatch(String.self, "a string") }
    return text
  }

  private func bool() throws -> Bool {
    guard case .bool(let bool) = value else { throw mismatch(Bool.self, "a boolean") }
    return bool
  }

  private func double() throws -> Double {
    switch value {
    case .double(let number): return number
    case .int(let number): return Double(number)
    default: throw mismatch(Double.self, "a number")
    }
  }

  private func float() throws -> Float {
    let exact = try double()
    let number = Float(exact)
    guard number.isFinite || !exact.isFinite else { throw corrupted("\(value) does not fit in Float") }
    return number
  }

  private func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
    let number: I? =
      switch value {
      case .int(let number): I(exactly: number)
      case .double(let number): I(exactly: number)
      default: throw mismatch(type, "an integer")
      }
    guard let number else { throw corrupted("\(value) does not fit in \(type)") }
    return number
  }

  // MARK: Errors

  private func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let context = DecodingError.Context(
      codingPath: codingPath, debugDescription: "expected \(expected), found \(value.kindName)")
    return value == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }

  private func corrupted(_ message: String) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: message))
  }
}

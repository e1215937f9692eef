/// The members of an object.
struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let object: JSONObject
  private let decoding: JSONDecoding
  /// Where each name is, for many members or converted names.
  private let places: [String: Int]?
  let codingPath: [any CodingKey]

  init(_ object: JSONObject, decoding: JSONDecoding) {
    self.object = object
    self.decoding = decoding
    codingPath = decoding.codingPath
    let converts = decoding.options.keyStrategy == .convertFromSnakeCase && !decoding.isDictionary
    if converts || object.members.count > 8 {
      let names = object.members.lazy.map { converts ? camelCase($0.0) : $0.0 }
      places = Dictionary(zip(names, object.members.indices)) { first, _ in first }
    } else {
      places = nil
    }
  }

  private func member(_ name: String) -> JSONValue? {
    guard let places else { return object[name] }
    return places[name].map { object.members[$0].1 }
  }

  private func required(_ key: any CodingKey) throws -> JSONDecoding {
    guard let value = member(key.stringValue) else {
      let message = "The member \"\(key.stringValue)\" is missing"
      throw DecodingError.keyNotFound(
        key, DecodingError.Context(codingPath: codingPath, debugDescription: message))
    }
    return decoding.child(value, at: key, in: codingPath)
  }

  var allKeys: [Key] {
    if let places { return places.sorted { $0.value < $1.value }.compactMap { Key(stringValue: $0.key) } }
    var seen: Set<String> = []
    return object.members.compactMap { seen.insert($0.0).inserted ? Key(stringValue: $0.0) : nil }
  }

  func contains(_ key: Key) -> Bool { member(key.stringValue) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try required(key).decodeNil() }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try required(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try required(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try required(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { optional(JSONCodingKey.super) }

  func superDecoder(forKey key: Key) throws -> any Decoder { optional(key) }

  /// A superclass may have nothing to decode: what is missing is `null`.
  private func optional(_ key: any CodingKey) -> JSONDecoding {
    decoding.child(member(key.stringValue) ?? .null, at: key, in: codingPath)
  }
}

/// The elements of an array, one after another.
struct JSONUnkeyedDecoding: UnkeyedDecodingContainer {
  private let elements: [JSONValue]
  private let decoding: JSONDecoding
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(elements: [JSONValue], decoding: JSONDecoding) {
    self.elements = elements
    self.decoding = decoding
    codingPath = decoding.codingPath
  }

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  private func next(_ type: Any.Type) throws -> JSONDecoding {
    let key = JSONCodingKey(index: currentIndex)
    guard !isAtEnd else {
      let message = "the array has only \(elements.count) elements"
      throw DecodingError.valueNotFound(
        type, DecodingError.Context(codingPath: codingPath + [key], debugDescription: message))
    }
    return decoding.child(elements[currentIndex], at: key, in: codingPath)
  }

  /// Moves on only past what could be decoded, as the protocol asks.
  private mutating func take<T>(_ type: Any.Type, _ body: (JSONDecoding) throws -> T) throws -> T {
    let result = try body(next(type))
    currentIndex += 1
    return result
  }

  mutating func decodeNil() throws -> Bool {
    let isNull = try next(Never.self).decodeNil()
    if isNull { currentIndex += 1 }
    return isNull
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try take(type) { try $0.decode(type) } }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try take(type) { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try take([JSONValue].self) { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { try take(JSONValue.self) { $0 } }
}

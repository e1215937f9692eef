/// Writes the members of an object.
struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoding: JSONEncoding

  var codingPath: [any CodingKey] { encoding.codingPath }

  private func name(_ key: any CodingKey) -> String {
    let converts = encoding.options.keyStrategy == .convertToSnakeCase && !encoding.node.isDictionary
    return converts ? snakeCase(key.stringValue) : key.stringValue
  }

  private func child(_ key: any CodingKey) -> JSONEncoding {
    let name = name(key)
    let node = encoding.node.member(name) ?? JSONEncodingNode()
    encoding.node.set(name, node)
    return encoding.child(key, node)
  }

  func encodeNil(forKey key: Key) { encoding.node.set(name(key), JSONEncodingNode(.null)) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    encoding.node.set(name(key), JSONEncodingNode(try encoding.encoded(value, at: key)))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    child(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { child(JSONCodingKey.super) }

  func superEncoder(forKey key: Key) -> any Encoder { child(key) }
}

/// Writes the elements of an array.
struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
  let encoding: JSONEncoding

  var codingPath: [any CodingKey] { encoding.codingPath }
  var count: Int { encoding.node.count }

  private var key: JSONCodingKey { JSONCodingKey(index: count) }

  private func child() -> JSONEncoding {
    let child = encoding.child(key, JSONEncodingNode())
    encoding.node.append(child.node)
    return child
  }

  func encodeNil() { encoding.node.append(JSONEncodingNode(.null)) }

  func encode<T: Encodable>(_ value: T) throws {
    encoding.node.append(JSONEncodingNode(try encoding.encoded(value, at: key)))
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    child().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }

  func superEncoder() -> any Encoder { child() }
}

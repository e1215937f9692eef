/// What has been encoded at one place so far. A class, because containers and super encoders go on writing into it.
final class JSONEncodingNode {
  enum Content {
    case nothing
    case value(JSONValue)
    case array([JSONEncodingNode])
    case object([(String, JSONEncodingNode)], places: [String: Int])
  }

  var content = Content.nothing
  /// Whether the members are a dictionary's: sorted by name, and their keys not converted.
  var isDictionary = false

  init(_ value: JSONValue? = nil) {
    if let value { content = .value(value) }
  }

  /// `nil` when nothing was encoded.
  var value: JSONValue? {
    switch content {
    case .nothing: return nil
    case .value(let value): return value
    case .array(let nodes): return .array(nodes.map { $0.value ?? [:] })
    case .object(var nodes, _):
      if isDictionary { nodes.sort { $0.0 < $1.0 } }
      return .object(JSONObject(nodes.map { ($0.0, $0.1.value ?? [:]) }))
    }
  }

  func becomeArray() {
    if case .nothing = content { content = .array([]) }
  }

  func becomeObject() {
    if case .nothing = content { content = .object([], places: [:]) }
  }

  var count: Int {
    if case .array(let nodes) = content { nodes.count } else { 0 }
  }

  func append(_ node: JSONEncodingNode) {
    guard case .array(var nodes) = content else { return Self.misuse() }
    content = .nothing
    nodes.append(node)
    content = .array(nodes)
  }

  func set(_ name: String, _ node: JSONEncodingNode) {
    guard case .object(var nodes, var places) = content else { return Self.misuse() }
    content = .nothing
    if let place = places[name] {
      nodes[place].1 = node
    } else {
      places[name] = nodes.count
      nodes.append((name, node))
    }
    content = .object(nodes, places: places)
  }

  func member(_ name: String) -> JSONEncodingNode? {
    guard case .object(let nodes, let places) = content, let place = places[name] else { return nil }
    return nodes[place].1
  }

  private static func misuse() {
    preconditionFailure("A type asked its encoder for containers of two kinds")
  }
}

/// The encoder of one place.
struct JSONEncoding: Encoder {
  let options: JSONValueEncoder
  let codingPath: [any CodingKey]
  let node: JSONEncodingNode

  init(options: JSONValueEncoder, codingPath: [any CodingKey], node: JSONEncodingNode = JSONEncodingNode()) {
    self.options = options
    self.codingPath = codingPath
    self.node = node
  }

  var userInfo: [CodingUserInfoKey: Any] { options.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(JSONKeyedEncoding(encoding: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return JSONUnkeyedEncoding(encoding: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func child(_ key: any CodingKey, _ node: JSONEncodingNode) -> JSONEncoding {
    JSONEncoding(options: options, codingPath: codingPath + [key], node: node)
  }

  /// The value as JSON; `nil` when it encodes nothing.
  func encoded<T: Encodable>(_ value: T, at key: (any CodingKey)? = nil) throws -> JSONValue? {
    if let scalar = try scalar(value, at: key) { return scalar }
    let node = JSONEncodingNode()
    node.isDictionary = value is any DataKeyed
    try value.encode(
      to: JSONEncoding(options: options, codingPath: codingPath + (key.map { [$0] } ?? []), node: node))
    return node.value
  }

  private func scalar<T>(_ value: T, at key: (any CodingKey)?) throws -> JSONValue? {
    switch value {
    case let value as JSONValue: return value
    case let value as JSONObject: return .object(value)
    case let value as String: return .string(value)
    case let value as Bool: return .bool(value)
    case let value as Double: return try number(value, value, at: key)
    case let value as Float: return try number(Double(value.description) ?? Double(value), value, at: key)
    case let value as Int: return .int(Int64(value))
    case let value as any FixedWidthInteger:
      if let exact = Int64(exactly: value) { return .int(exact) }
      if let exact = Double(exactly: value) { return .double(exact) }
      throw invalid(value, "\(value) fits in neither Int64 nor Double", at: key)
    default: return nil
    }
  }

  /// A `Float` is written with its own digits: 0.1, not 0.10000000149011612.
  private func number(_ number: Double, _ value: Any, at key: (any CodingKey)?) throws -> JSONValue {
    guard number.isFinite else { throw invalid(value, "JSON has no \(number)", at: key) }
    return .double(number)
  }

  private func invalid(_ value: Any, _ message: String, at key: (any CodingKey)?) -> EncodingError {
    let path = codingPath + (key.map { [$0] } ?? [])
    return .invalidValue(value, EncodingError.Context(codingPath: path, debugDescription: message))
  }
}

extension JSONEncoding: SingleValueEncodingContainer {
  func encodeNil() { node.content = .value(.null) }

  // One generic method is the witness of the requirements for Bool, String and all numbers.
  func encode<T: Encodable>(_ value: T) throws {
    // A value that encodes nothing leaves the place empty.
    if let encoded = try encoded(value) { node.content = .value(encoded) }
  }
}

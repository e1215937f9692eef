import Signalbox

/// A schema in the form in which it is checked: its rules in order. Other schemas are their places in the list of all.
struct SchemaNode: Sendable {
  /// Where it stands in the schema.
  let path: JSONPath
  var rules: [SchemaRule] = []

  /// The schemas that look at the same value.
  var inPlace: [Int] {
    rules.flatMap { rule -> [Int] in
      switch rule {
      case .reference(let place), .not(let place): [place]
      case .all(let places), .any(let places), .one(let places): places
      default: []
      }
    }
  }
}

enum SchemaRule: Sendable {
  /// The schema `false`.
  case never
  case types(JSONTypes)
  /// Values in their canonical form; `const` has one.
  case values([JSONValue], keyword: String)
  case bound(Bound, JSONNumber)
  case multiple(of: JSONNumber)
  case minLength(Int)
  case maxLength(Int)
  case pattern(TextPattern)
  case minItems(Int)
  case maxItems(Int)
  case uniqueItems
  case elements(prefix: [Int], rest: Int?)
  case required([String])
  case members(named: [String: Int], matching: [(TextPattern, Int)], others: Int?)
  case reference(Int)
  case all([Int])
  case any([Int])
  case one([Int])
  case not(Int)

  enum Bound: String, Sendable, CaseIterable {
    case minimum, maximum, exclusiveMinimum, exclusiveMaximum
  }
}

/// The types of JSON Schema. Every integer is a number too.
struct JSONTypes: OptionSet, Sendable {
  let rawValue: UInt8

  static let null = JSONTypes(rawValue: 1)
  static let boolean = JSONTypes(rawValue: 2)
  static let integer = JSONTypes(rawValue: 4)
  static let number = JSONTypes(rawValue: 8)
  static let string = JSONTypes(rawValue: 16)
  static let array = JSONTypes(rawValue: 32)
  static let object = JSONTypes(rawValue: 64)

  static let names: [(String, JSONTypes)] = [
    ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number), ("string", .string),
    ("array", .array), ("object", .object),
  ]

  /// The types that a value has.
  init(of value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .int: self = [.integer, .number]
    case .double(let number): self = number.rounded() == number ? [.integer, .number] : .number
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// `a string or null`
  var phrase: String {
    let names = Self.names.filter { contains($0.1) }.map { name, type in
      switch type {
      case .null: name
      case .integer, .array, .object: "an " + name
      default: "a " + name
      }
    }
    return names.isEmpty ? "nothing" : names.joined(separator: " or ")
  }
}

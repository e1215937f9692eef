/// Any JSON value, written as a Swift literal: `["bytes": 1024, "hit": true, "parts": [1, 2.5, .null]]`.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Infinities and NaN, which JSON lacks, are written as `null`.
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A JSON object whose members keep the order in which they were given.
public struct JSONObject: Sendable {
  /// A key that occurs twice is written twice; reading finds the first.
  public var members: [(String, JSONValue)]

  public init(_ members: [(String, JSONValue)] = []) { self.members = members }

  /// The first member of that name; setting `nil` removes it, setting a new name appends.
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.0 == key }?.1 }
    set {
      let place = members.firstIndex { $0.0 == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].1 = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }
}

extension JSONObject: Hashable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.elementsEqual(right.members) { $0.0 == $1.0 && $0.1 == $1.1 }
  }

  public func hash(into hasher: inout Hasher) {
    for (key, value) in members {
      hasher.combine(key)
      hasher.combine(value)
    }
  }
}

extension JSONValue {
  /// The member of an object; `nil` for anything else.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The text of a string; `nil` for anything else.
  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value of an integer; `nil` for anything else.
  public var int: Int64? {
    guard case .int(let value) = self else { return nil }
    return value
  }
}

// MARK: Literals

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) { members = elements }
}

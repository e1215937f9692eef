/// A place in a JSON value: the names and indices that lead to it from the root, `$.items[3].name` as text.
public struct JSONPath: Sendable, Hashable {
  /// One step down: into a member or an element.
  public enum Step: Sendable, Hashable {
    case key(String)
    case index(Int)
  }

  public var steps: [Step]

  public init(_ steps: [Step] = []) { self.steps = steps }

  /// The place of a coding path. A key is an index when it is written like the standard library writes one,
  /// `Index 3`; the integer keys of a dictionary stay names.
  public init(_ codingPath: [any CodingKey]) {
    steps = codingPath.map { key in
      if let index = key.intValue, key.stringValue == "Index \(index)" { return .index(index) }
      return .key(key.stringValue)
    }
  }

  /// The whole value: `$`.
  public static let root = JSONPath()
}

extension JSONPath: CustomStringConvertible {
  /// As RFC 9535 writes it: names that are no identifiers stand in brackets, `$["a b"][0]`.
  public var description: String {
    steps.reduce(into: "$") { text, step in
      switch step {
      case .index(let index): text += "[\(index)]"
      case .key(let name) where Self.isShorthand(name): text += "." + name
      case .key(let name): text += "[\(JSONValue.string(name))]"
      }
    }
  }

  private static func isShorthand(_ name: String) -> Bool {
    guard let first = name.utf8.first, isNameByte(first), !(48...57 ~= first) else { return false }
    return name.utf8.allSatisfy(isNameByte)
  }

  /// Whether the byte may stand in a name without brackets: a letter, a digit, `_` or part of what is not ASCII.
  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 95, 0x80...: true
    default: false
    }
  }
}

extension JSONValue {
  /// The value at a place; `nil` where there is none.
  public subscript(path: JSONPath) -> JSONValue? {
    var value = self
    for step in path.steps {
      switch (step, value) {
      case (.key(let name), .object(let object)):
        guard let member = object[name] else { return nil }
        value = member
      case (.index(let index), .array(let elements)):
        guard elements.indices.contains(index) else { return nil }
        value = elements[index]
      default: return nil
      }
    }
    return value
  }
}

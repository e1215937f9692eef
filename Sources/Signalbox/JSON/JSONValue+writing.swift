package import Wire

extension ByteWriter {
  /// Writes a value as JSON text without white space.
  package mutating func append(json value: JSONValue) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(json: value)
    case .int(let value): append(decimal: value)
    case .double(let value): append(json: value)
    case .string(let text): append(jsonString: text)
    case .array(let elements):
      append(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { append(UInt8(ascii: ",")) }
        append(json: element)
      }
      append(UInt8(ascii: "]"))
    case .object(let object): append(json: object)
    }
  }

  package mutating func append(json object: JSONObject) {
    append(UInt8(ascii: "{"))
    for (place, member) in object.members.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append(jsonString: member.0)
      append(UInt8(ascii: ":"))
      append(json: member.1)
    }
    append(UInt8(ascii: "}"))
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as JSON text.
  public var description: String {
    var writer = ByteWriter()
    writer.append(json: self)
    return writer.string
  }

  /// About how many bytes the JSON text has; cheap, for bounds.
  package var estimatedSize: Int {
    switch self {
    case .null, .bool: 5
    case .int, .double: 12
    case .string(let text): text.utf8.count + 2
    case .array(let elements): elements.reduce(2) { $0 + $1.estimatedSize + 1 }
    case .object(let object): object.members.reduce(2) { $0 + $1.0.utf8.count + $1.1.estimatedSize + 4 }
    }
  }
}

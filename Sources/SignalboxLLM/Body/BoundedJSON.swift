package import JSONScan
package import Wire

/// Copies JSON values into events, cut where they are too large: long strings lose their end and say so, and what
/// is past the budget is left out.
package struct BoundedJSON {
  /// Most bytes of a string when a value has to be cut.
  package static let stringLimit = 8 << 10

  private var budget: Int

  /// Writes a value without insignificant white space. Returns whether it had to be cut to stay near `limit`
  /// bytes.
  @discardableResult
  package static func append(_ value: JSONValueView, limit: Int, to writer: inout ByteWriter) -> Bool {
    if value.json.count <= limit {
      JSONParser.minify(value.json, into: &writer)
      return false
    }
    var copy = BoundedJSON(budget: limit)
    copy.append(value, to: &writer)
    return true
  }

  private mutating func append(_ value: JSONValueView, to writer: inout ByteWriter) {
    switch value.kind {
    case .string: append(string: value.bytes, to: &writer)
    case .array:
      writer.append(UInt8(ascii: "["))
      var isFirst = true
      var left = 0
      value.forEachElement { element in
        guard budget > 0 else {
          left += 1
          return
        }
        if !isFirst { writer.append(UInt8(ascii: ",")) }
        isFirst = false
        append(element, to: &writer)
      }
      if left > 0 {
        writer.append(isFirst ? "\"…[" : ",\"…[")
        writer.append(decimal: left)
        writer.append(" more, left out]\"")
      }
      writer.append(UInt8(ascii: "]"))
    case .object:
      writer.append(UInt8(ascii: "{"))
      var isFirst = true
      value.forEachMember { key, member in
        guard budget > 0 else { return }
        if !isFirst { writer.append(UInt8(ascii: ",")) }
        isFirst = false
        append(string: key.bytes, to: &writer)
        writer.append(UInt8(ascii: ":"))
        append(member, to: &writer)
      }
      writer.append(UInt8(ascii: "}"))
    default:
      writer.append(value.bytes)
      budget -= value.bytes.count
    }
  }

  private mutating func append(string text: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
    let limit = min(Self.stringLimit, max(budget, 64))
    writer.append(UInt8(ascii: "\""))
    let end = text.count <= limit ? text.count : JSONText.boundary(in: text, before: limit)
    writer.append(UnsafeRawBufferPointer(rebasing: text[..<end]))
    if end < text.count {
      writer.append("…[")
      writer.append(decimal: text.count - end)
      writer.append(" bytes cut]")
    }
    writer.append(UInt8(ascii: "\""))
    budget -= end
  }
}

/// Looking into the inside of a JSON string without decoding it.
package enum JSONText {
  /// The last place at or before `limit` where the text can be cut without splitting a character or an escape.
  package static func boundary(in text: UnsafeRawBufferPointer, before limit: Int) -> Int {
    var at = 0
    while at < text.count {
      let next = at + length(of: text, at: at)
      if next > limit { break }
      at = next
    }
    return min(at, text.count)
  }

  /// How many characters (Unicode scalars) the text means.
  package static func characters(in text: UnsafeRawBufferPointer) -> Int {
    var scalars = 0
    var escapes = false
    for byte in text {
      if byte & 0xC0 != 0x80 { scalars += 1 }
      if byte == UInt8(ascii: "\\") { escapes = true }
    }
    guard escapes else { return scalars }
    scalars = 0
    var at = 0
    while at < text.count {
      at += length(of: text, at: at)
      scalars += 1
    }
    return scalars
  }

  /// Bytes of the character or escape that begins here; both halves of a surrogate pair are one.
  private static func length(of text: UnsafeRawBufferPointer, at: Int) -> Int {
    let byte = text[at]
    guard byte == UInt8(ascii: "\\") else {
      return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }
    guard at + 1 < text.count, text[at + 1] == UInt8(ascii: "u") else { return 2 }
    let isHigh =
      at + 11 < text.count && text[at + 2] | 0x20 == UInt8(ascii: "d")
      && "89abAB".utf8.contains(text[at + 3]) && text[at + 6] == UInt8(ascii: "\\")
    return isHigh ? 12 : 6
  }
}

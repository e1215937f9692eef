import Wire

/// Looks members up in a JSON object as the log stores it: valid and without white space.
struct CanonicalObject {
  let text: UnsafeRawBufferPointer

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  /// The JSON text of a member of the object itself; nil when it has none, or `text` is no object.
  func member(_ name: StaticString) -> UnsafeRawBufferPointer? {
    guard text.count > 2, text[0] == UInt8(ascii: "{") else { return nil }
    var at = 1
    while at < text.count, text[at] == UInt8(ascii: "\"") {
      let nameEnd = value(from: at)
      guard nameEnd < text.count, text[nameEnd] == UInt8(ascii: ":") else { return nil }
      let end = value(from: nameEnd + 1)
      guard end < text.count else { return nil }
      if UnsafeRawBufferPointer(rebasing: text[at + 1..<nameEnd - 1]).elementsEqual(name) {
        return UnsafeRawBufferPointer(rebasing: text[nameEnd + 1..<end])
      }
      at = end + 1
    }
    return nil
  }

  /// A member that is a string, unescaped and cut to about `most` bytes; nil when it is absent or no string.
  func string(_ name: StaticString, most: Int) -> String? {
    guard let value = member(name), value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
    let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
    guard inner.count > most else { return String(jsonEscaped: inner) }
    // Neither within a character nor an escape; halves of a pair of escapes stay together.
    var end = 0
    while true {
      var length = 1
      if inner[end] == UInt8(ascii: "\\") {
        length = inner[end + 1] == UInt8(ascii: "u") ? 6 : 2
        let isSurrogate = length == 6 && inner[end + 2] | 0x20 == UInt8(ascii: "d")
        if isSurrogate, "89abAB".utf8.contains(inner[end + 3]) { length = 12 }
      } else {
        while end + length < inner.count, inner[end + length] & 0xC0 == 0x80 { length += 1 }
      }
      guard end + length <= most else { break }
      end += length
    }
    return String(jsonEscaped: UnsafeRawBufferPointer(rebasing: inner[..<end])) + "…"
  }

  /// A member that is a whole number from 0.
  func integer(_ name: StaticString) -> Int64? {
    guard let value = member(name) else { return nil }
    return Int64(String(decoding: value, as: UTF8.self))
  }

  /// The offset behind the value that starts at `start`.
  private func value(from start: Int) -> Int {
    var at = start
    var depth = 0
    while at < text.count {
      switch text[at] {
      case UInt8(ascii: "\""):
        at += 1
        while at < text.count, text[at] != UInt8(ascii: "\"") {
          at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at += 1
        if depth == 0 { return at }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return at }
        depth -= 1
        if depth == 0 { return at + 1 }
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        if depth == 0 { return at }
      default: break
      }
      at += 1
    }
    return text.count
  }
}

extension String {
  /// The text that the inside of a JSON string stands for.
  init(jsonEscaped bytes: UnsafeRawBufferPointer) {
    guard bytes.contains(UInt8(ascii: "\\")) else {
      self.init(decoding: bytes, as: UTF8.self)
      return
    }
    var writer = ByteWriter(capacity: bytes.count)
    writer.append(unescapingJSON: bytes)
    self = writer.string
  }
}

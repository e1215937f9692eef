import Signalbox
import Wire

/// Reads small JSON answers into values, at most 32 levels deep; not for the event path.
struct JSONReader {
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The one value that the bytes are; `nil` when they are anything else.
  mutating func document() -> JSONValue? {
    guard let value = value() else { return nil }
    skipSpace()
    return at == bytes.count ? value : nil
  }

  private mutating func value() -> JSONValue? {
    skipSpace()
    guard at < bytes.count else { return nil }
    switch bytes[at] {
    case UInt8(ascii: "{"): return nested { $0.object() }
    case UInt8(ascii: "["): return nested { $0.array() }
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return take("null") ? JSONValue.null : nil
    default: return number()
    }
  }

  private mutating func nested(_ read: (inout JSONReader) -> JSONValue?) -> JSONValue? {
    guard depth < 32 else { return nil }
    depth += 1
    defer { depth -= 1 }
    at += 1
    return read(&self)
  }

  private mutating func object() -> JSONValue? {
    var object = JSONObject()
    if takeAfterSpace("}") { return .object(object) }
    repeat {
      skipSpace()
      guard let key = string(), takeAfterSpace(":"), let value = value() else { return nil }
      object.members.append((key, value))
    } while takeAfterSpace(",")
    return takeAfterSpace("}") ? .object(object) : nil
  }

  private mutating func array() -> JSONValue? {
    var elements: [JSONValue] = []
    if takeAfterSpace("]") { return .array(elements) }
    repeat {
      guard let value = value() else { return nil }
      elements.append(value)
    } while takeAfterSpace(",")
    return takeAfterSpace("]") ? .array(elements) : nil
  }

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
      guard bytes[at] >= 0x20 else { return nil }
      at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard at < bytes.count else { return nil }
    defer { at += 1 }
    let end = at
    return bytes.withUnsafeBytes { raw in
      var writer = ByteWriter(capacity: end - start)
      writer.append(unescapingJSON: UnsafeRawBufferPointer(rebasing: raw[start..<end]))
      return writer.string
    }
  }

  private mutating func number() -> JSONValue? {
    let start = at
    while at < bytes.count, "+-.eE0123456789".utf8.contains(bytes[at]) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let value = Int64(text) { return .int(value) }
    return Double(text).map { .double($0) }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let end = at + text.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for (place, byte) in bytes[at..<end].enumerated() where byte != text.utf8Start[place] { return false }
    at = end
    return true
  }

  private mutating func takeAfterSpace(_ text: StaticString) -> Bool {
    skipSpace()
    return take(text)
  }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }
}

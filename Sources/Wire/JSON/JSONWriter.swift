/// Writing JSON text byte by byte (RFC 8259). Separators are the caller's: the event encoders know their
/// layout, and a general state machine would cost more than it tells.
extension ByteWriter {
  /// Writes a string with its quotes, escaping what RFC 8259 §7 requires and nothing else.
  package mutating func append(jsonString text: String) {
    var text = text
    text.withUTF8 { append(jsonString: UnsafeRawBufferPointer($0)) }
  }

  /// Writes valid UTF-8 as a string with its quotes.
  package mutating func append(jsonString bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count + 2)
    append(UInt8(ascii: "\""))
    var clean = 0
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte >= 0x20, byte != 0x22, byte != 0x5C {
        at += 1
        continue
      }
      append(UnsafeRawBufferPointer(rebasing: bytes[clean..<at]))
      append(escaping: byte)
      at += 1
      clean = at
    }
    append(UnsafeRawBufferPointer(rebasing: bytes[clean..<at]))
    append(UInt8(ascii: "\""))
  }

  private mutating func append(escaping byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case 0x22, 0x5C: append(byte)
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0D: append(UInt8(ascii: "r"))
    default:
      append("u")
      append(hex: UInt64(byte), digits: 4)
    }
  }

  /// Writes a number in its shortest exact form; infinities and NaN, which JSON lacks, become `null`.
  package mutating func append(json value: Double) {
    guard value.isFinite else { return append("null") }
    if value == value.rounded(), abs(value) < 1e15 { return append(decimal: Int64(value)) }
    append(utf8: value.description)
  }

  package mutating func append(json value: Bool) { value ? append("true") : append("false") }
}

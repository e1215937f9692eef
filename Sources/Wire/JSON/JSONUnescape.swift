extension ByteWriter {
  /// Writes what a JSON string means: the bytes between its quotes, which must be valid, with the escapes of
  /// RFC 8259 §7 resolved. A surrogate without its other half becomes U+FFFD.
  package mutating func append(unescapingJSON text: UnsafeRawBufferPointer) {
    reserve(text.count)
    var at = 0
    while at < text.count {
      let byte = text[at]
      guard byte == 0x5C, at + 1 < text.count else {
        append(byte)
        at += 1
        continue
      }
      at += 2
      switch text[at - 1] {
      case UInt8(ascii: "b"): append(0x08)
      case UInt8(ascii: "f"): append(0x0C)
      case UInt8(ascii: "n"): append(0x0A)
      case UInt8(ascii: "r"): append(0x0D)
      case UInt8(ascii: "t"): append(0x09)
      case UInt8(ascii: "u"):
        let scalar = Self.scalar(text, at: &at)
        for unit in UTF8.encode(scalar) ?? UTF8.EncodedScalar() { append(unit) }
      case let other: append(other)
      }
    }
  }

  /// The scalar of the four digits at `at`, and of a second escape behind them where they are half of a pair.
  private static func scalar(_ text: UnsafeRawBufferPointer, at: inout Int) -> Unicode.Scalar {
    let first = unit(text, at: at)
    at += 4
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, at + 5 < text.count, text[at] == 0x5C, text[at + 1] == UInt8(ascii: "u") {
      let second = unit(text, at: at + 2)
      if 0xDC00...0xDFFF ~= second {
        at += 6
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
      }
    }
    return "\u{FFFD}"
  }

  private static func unit(_ text: UnsafeRawBufferPointer, at start: Int) -> UInt32 {
    guard start + 4 <= text.count else { return 0xFFFD }
    var value: UInt32 = 0
    for byte in text[start..<start + 4] {
      let digit: UInt8 =
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: 0
        }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}

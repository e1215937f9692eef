package import Wire

/// Base 64 of RFC 4648 §4, with padding.
extension ByteWriter {
  package mutating func append(base64 bytes: UnsafeRawBufferPointer) {
    let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    reserve((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for place in 0..<3 { group = group << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
      for place in 0..<4 {
        let digit = digits.utf8Start[Int(group >> UInt32(18 - 6 * place) & 63)]
        append(place <= count ? digit : UInt8(ascii: "="))
      }
    }
  }
}

package enum Base64 {
  /// The bytes that the text stands for; nil when it is not exactly base 64.
  package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var padding = 0
    while padding < 2, padding < text.count, text[text.count - 1 - padding] == UInt8(ascii: "=") {
      padding += 1
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    for (place, byte) in text.enumerated() {
      guard let value = place < text.count - padding ? value(of: byte) : 0 else { return nil }
      group = group << 6 | value
      guard place % 4 == 3 else { continue }
      for shift in [UInt32(16), 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
      group = 0
    }
    // Bits that no byte uses must be 0: one text for one value.
    guard bytes.suffix(padding).allSatisfy({ $0 == 0 }) else { return nil }
    return bytes.dropLast(padding)
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

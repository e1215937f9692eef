/// Whether bytes are UTF-8 (RFC 3629): no overlong forms, surrogates or values above U+10FFFF.
package func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  let count = bytes.count
  var at = 0
  func continues(_ place: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
    place < count && range.contains(bytes[place])
  }
  while at < count {
    while at + 8 <= count,
      bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      at += 8
    }
    guard at < count else { return true }
    let lead = bytes[at]
    switch lead {
    case 0..<0x80: at += 1
    case 0xC2...0xDF:
      guard continues(at + 1) else { return false }
      at += 2
    case 0xE0...0xEF:
      let second: ClosedRange<UInt8> =
        lead == 0xE0 ? 0xA0...0xBF : lead == 0xED ? 0x80...0x9F : 0x80...0xBF
      guard continues(at + 1, second), continues(at + 2) else { return false }
      at += 3
    case 0xF0...0xF4:
      let second: ClosedRange<UInt8> =
        lead == 0xF0 ? 0x90...0xBF : lead == 0xF4 ? 0x80...0x8F : 0x80...0xBF
      guard continues(at + 1, second), continues(at + 2), continues(at + 3) else { return false }
      at += 4
    default: return false
    }
  }
  return true
}

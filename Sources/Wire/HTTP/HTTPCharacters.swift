/// The character classes of RFC 9110 §5.6.2 and §5.5.
package enum HTTPCharacters {
  /// tchar below 64, a bit each: ``!#$%&'*+-.`` and digits. Literals, because a computed global costs a check
  /// per use.
  private static var lowTokens: UInt64 { 0x03FF_6CFA_0000_0000 }
  /// tchar from 64 on: letters and ``^_`|~``.
  private static var highTokens: UInt64 { 0x57FF_FFFF_C7FF_FFFE }

  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? lowTokens : highTokens) >> UInt64(byte & 63)) & 1 == 1
  }

  @inline(__always)
  static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

  /// Visible characters, space, tab and the bytes above 127.
  @inline(__always)
  static func isValue(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7F) || byte == 0x09 }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  package static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

  /// The value of a hexadecimal digit.
  @inline(__always)
  static func hex(_ byte: UInt8) -> UInt8? {
    if byte &- 48 < 10 { return byte &- 48 }
    let letter = byte | 0x20
    return letter &- 97 < 6 ? letter &- 87 : nil
  }

  /// Whether every byte may stand in a field value; looks at eight at a time.
  static func areValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let below = (word &- 0x2020_2020_2020_2020) & ~word
      let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
      let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
      if (below | isDelete) & 0x8080_8080_8080_8080 != 0 {
        for byte in bytes[at..<at + 8] where !isValue(byte) { return false }
      }
      at += 8
    }
    for byte in bytes[at...] where !isValue(byte) { return false }
    return true
  }

  /// Whether the bytes are `name`, which is written in lower case, in any case.
  package static func equal(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    guard bytes.count == name.utf8CodeUnitCount else { return false }
    for at in 0..<bytes.count where lower(bytes[at]) != name.utf8Start[at] { return false }
    return true
  }

  /// Calls `body` with each member of a comma-separated list, blanks trimmed, empty ones left out.
  package static func forEachMember(
    _ value: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    for part in value.split(separator: UInt8(ascii: ",")) {
      let member = trim(UnsafeRawBufferPointer(rebasing: part))
      if member.count > 0 { body(member) }
    }
  }

  static func trim(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var from = 0
    var to = bytes.count
    while from < to, isBlank(bytes[from]) { from += 1 }
    while to > from, isBlank(bytes[to - 1]) { to -= 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[from..<to])
  }
}

/// The limits that an event's envelope must keep; `docs/events.md` states them.
package enum EventRules {
  /// Longest id, in bytes.
  package static let idLength = 64
  /// Longest type, in bytes.
  package static let typeLength = 128
  /// Longest provider, model, identity, schema and source member, in bytes.
  package static let labelLength = 256
  package static let tagCount = 32
  package static let tagKeyLength = 64
  package static let tagValueLength = 256
  /// Largest index, count and seq: 2^53, the integers that every JSON reader keeps.
  package static let largestInteger: Int64 = 1 << 53

  /// Whether the bytes are an id: 1 to 64 of `[A-Za-z0-9_-]`.
  package static func isID(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard 1...idLength ~= bytes.count else { return false }
    for byte in bytes where classes[Int(byte)] & 1 == 0 { return false }
    return true
  }

  /// Whether the bytes are a type: 1 to 128 of `[A-Za-z0-9_.:/-]`.
  package static func isType(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard 1...typeLength ~= bytes.count else { return false }
    for byte in bytes where classes[Int(byte)] == 0 { return false }
    return true
  }

  /// Whether the bytes are an identity: three ids joined by dots, at most 192 bytes.
  package static func isIdentity(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 3 * idLength else { return false }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { isID(UnsafeRawBufferPointer(rebasing: $0)) }
  }

  /// 1: allowed in ids and types, 2: in types only.
  private static let classes: [UInt8] = (0...255).map { (code: Int) -> UInt8 in
    switch UInt8(code) {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): 1
    case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"): 2
    default: 0
    }
  }
}

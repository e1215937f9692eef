/// The parameters of a query, decoded as browsers do: `+` is a space, a broken percent sign stays.
package struct HTTPQuery: Sendable {
  package private(set) var items: [(name: String, value: String)] = []

  package init() {}

  package init(_ bytes: UnsafeRawBufferPointer) {
    for part in bytes.split(separator: UInt8(ascii: "&")) {
      let cut = part.firstIndex(of: UInt8(ascii: "="))
      let name = part[..<(cut ?? part.endIndex)]
      let value = cut.map { part[($0 + 1)...] }
      items.append(
        (
          HTTPQuery.decode(UnsafeRawBufferPointer(rebasing: name)),
          value.map { HTTPQuery.decode(UnsafeRawBufferPointer(rebasing: $0)) } ?? ""
        ))
    }
  }

  /// The first value with this name.
  package subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

  /// All values with this name, in order.
  package func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

  package var isEmpty: Bool { items.isEmpty }

  /// Undoes percent-encoding; invalid UTF-8 is repaired.
  package static func decode(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool = true) -> String {
    guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "%"), at + 2 < bytes.count, let high = HTTPCharacters.hex(bytes[at + 1]),
        let low = HTTPCharacters.hex(bytes[at + 2])
      {
        decoded.append(high << 4 | low)
        at += 3
        continue
      }
      decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
      at += 1
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}

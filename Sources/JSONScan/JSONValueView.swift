package import CSimdjson
internal import Wire

/// One value of a scanned document, where it lies; nothing is copied until it is asked for.
package struct JSONValueView {
  @inlinable package init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  package enum Kind: UInt8, Sendable {
    case null, `false`, `true`, number, string, array, object, key
  }

  package let document: JSONDocument
  package let index: Int

  @inlinable var node: sb_json_node { document.nodes[index] }

  @inlinable package var kind: Kind { Kind(rawValue: node.kind) ?? .null }

  /// The bytes of the value; a string's lie between its quotes and keep their escapes.
  @inlinable package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: document.text[Int(node.start)..<Int(node.end)])
  }

  /// The bytes of the value with the quotes of a string.
  @inlinable package var json: UnsafeRawBufferPointer {
    let quote = kind == .string ? 1 : 0
    return UnsafeRawBufferPointer(
      rebasing: document.text[Int(node.start) - quote..<Int(node.end) + quote])
  }

  /// Whether a string contains an escape.
  @inlinable package var isEscaped: Bool { node.escaped != 0 }

  /// Where the value starts in the text.
  package var offset: Int { Int(node.start) }

  /// An array or object that holds nothing.
  package var isEmpty: Bool { (kind == .object || kind == .array) && Int(node.next) == index + 1 }

  @inlinable package var isNull: Bool { kind == .null }

  /// The text of a string, unescaped; nil for any other kind.
  package var string: String? {
    guard kind == .string || kind == .key else { return nil }
    guard isEscaped else { return String(decoding: bytes, as: UTF8.self) }
    var writer = ByteWriter(capacity: bytes.count)
    writer.append(unescapingJSON: bytes)
    return writer.string
  }

  /// The value of a number that is an integer of 64 bits; nil for any other.
  package var int: Int64? {
    guard kind == .number else { return nil }
    let digits = bytes
    let isNegative = digits.first == UInt8(ascii: "-")
    var magnitude: UInt64 = 0
    for byte in digits.dropFirst(isNegative ? 1 : 0) {
      let (product, isTooLarge) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, overflows) = product.addingReportingOverflow(UInt64(byte &- 48))
      guard byte &- 48 < 10, !isTooLarge, !overflows else { return nil }
      magnitude = sum
    }
    return isNegative
      ? (magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil)
      : Int64(exactly: magnitude)
  }

  package var double: Double? {
    guard kind == .number else { return nil }
    return Double(String(decoding: bytes, as: UTF8.self))
  }

  package var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// Calls the closure with every member of an object: its key as it stands in the text, and its value.
  @inlinable package func forEachMember(_ body: (_ key: JSONValueView, _ value: JSONValueView) -> Void) {
    guard kind == .object else { return }
    var at = index + 1
    let end = Int(node.next)
    while at < end {
      let value = JSONValueView(document: document, index: at + 1)
      body(JSONValueView(document: document, index: at), value)
      at = Int(value.node.next)
    }
  }

  /// Calls the closure with every element of an array.
  @inlinable package func forEachElement(_ body: (JSONValueView) -> Void) {
    guard kind == .array else { return }
    var at = index + 1
    let end = Int(node.next)
    while at < end {
      let value = JSONValueView(document: document, index: at)
      body(value)
      at = Int(value.node.next)
    }
  }

  /// The value of an object's first member of that name (names with escapes are not looked into); nil when
  /// there is none or this is no object.
  package subscript(name: StaticString) -> JSONValueView? {
    guard kind == .object else { return nil }
    var at = index + 1
    let end = Int(node.next)
    while at < end {
      let key = JSONValueView(document: document, index: at)
      let value = JSONValueView(document: document, index: at + 1)
      if key.bytes.elementsEqual(name) { return value }
      at = Int(value.node.next)
    }
    return nil
  }

  /// The element at that place of an array; nil when there is none.
  package subscript(place: Int) -> JSONValueView? {
    guard kind == .array, place >= 0 else { return nil }
    var at = index + 1
    let end = Int(node.next)
    for _ in 0..<place where at < end { at = Int(document.nodes[at].next) }
    return at < end ? JSONValueView(document: document, index: at) : nil
  }
}

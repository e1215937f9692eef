/// Why a stream is no JSON array of readable elements.
package enum JSONArrayError: Error, Equatable, Sendable {
  /// An element is longer than the bound.
  case tooLong
  /// What came is not `[`, elements with commas between them, and `]`.
  case malformed
}

/// Splits one JSON array that arrives piece by piece into its elements, without I/O.
///
/// It looks at brackets, strings and commas only: whether an element is valid JSON is for its parser to say.
package struct JSONArraySplitter: ~Copyable {
  private enum Place { case before, element, after }

  private let limit: Int
  private var place = Place.before
  /// Brackets that are open inside of an element.
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  /// The beginning of an element whose end has not arrived.
  private let element = PaddedBuffer(capacity: 0)

  /// `limit` bounds an element, in bytes.
  package init(limit: Int = 1 << 20) { self.limit = limit }

  /// Takes the next bytes and calls `body` with each element that they complete; 64 readable bytes follow it. The
  /// element is valid during the call.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(JSONArrayError) {
    var at = 0
    if place == .before {
      while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
      guard at < bytes.count else { return }
      guard bytes[at] == UInt8(ascii: "[") else { throw .malformed }
      at += 1
      place = .element
    }
    var start = at
    while at < bytes.count, place == .element {
      let byte = bytes[at]
      at += 1
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "]") where depth > 0: depth -= 1
      case UInt8(ascii: ",") where depth == 0, UInt8(ascii: "]"):
        try keep(bytes, start..<at - 1)
        start = at
        if byte == UInt8(ascii: "]") { place = .after }
        give(body)
      default: break
      }
      // What is both is too long, as it is when it comes byte by byte.
      guard depth >= 0 else { throw element.count + at - 1 - start > limit ? .tooLong : .malformed }
    }
    if place == .element { try keep(bytes, start..<at) }
    while at < bytes.count {
      guard Self.isSpace(bytes[at]) else { throw .malformed }
      at += 1
    }
  }

  private func keep(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(JSONArrayError) {
    guard element.count + range.count <= limit else { throw .tooLong }
    element.append(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  private func give(_ body: (UnsafeRawBufferPointer) -> Void) {
    let whole = UnsafeRawBufferPointer(element.bytes)
    if let first = whole.firstIndex(where: { !Self.isSpace($0) }) {
      body(UnsafeRawBufferPointer(rebasing: whole[first...]))
    }
    element.removeAll()
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}

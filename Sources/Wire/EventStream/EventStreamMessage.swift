/// One message of an Amazon event stream; the bytes are valid only during the call that hands it out.
package struct EventStreamMessage {
  /// The value of a header.
  package enum Value {
    case bool(Bool)
    case int8(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case bytes(UnsafeRawBufferPointer)
    case string(UnsafeRawBufferPointer)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    /// 16 bytes.
    case uuid(UnsafeRawBufferPointer)
  }

  /// The headers as they lie in the frame; well-formed.
  let headers: UnsafeRawBufferPointer
  /// 64 readable bytes follow.
  package let payload: UnsafeRawBufferPointer

  /// Calls the closure with every header, in order.
  package func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: Value) -> Void) {
    var at = 0
    while let (name, value) = Self.next(headers, &at) { body(name, value) }
  }

  /// The first header of that name, where it is a string.
  package subscript(name: StaticString) -> UnsafeRawBufferPointer? {
    var at = 0
    while let (found, value) = Self.next(headers, &at) {
      if case .string(let text) = value, found.elementsEqual(name) { return text }
    }
    return nil
  }

  /// Whether the bytes are headers from the first to the last.
  static func isWellFormed(_ headers: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at < headers.count { if next(headers, &at) == nil { return false } }
    return true
  }

  /// The header that begins there, and past it; nil at the end, and where none does.
  ///
  /// A name: its length in one byte, then its bytes. A value: its type in one byte, then its bytes, big-endian; those
  /// of bytes and strings have their length in two bytes before them.
  private static func next(
    _ bytes: UnsafeRawBufferPointer, _ at: inout Int
  ) -> (name: UnsafeRawBufferPointer, value: Value)? {
    var cursor = at
    func take(_ count: Int) -> UnsafeRawBufferPointer? {
      guard bytes.count - cursor >= count else { return nil }
      defer { cursor += count }
      return UnsafeRawBufferPointer(rebasing: bytes[cursor..<cursor + count])
    }
    func integer<T: FixedWidthInteger>(_: T.Type) -> T? {
      take(MemoryLayout<T>.size).map { T(bigEndian: $0.loadUnaligned(as: T.self)) }
    }
    guard let length = integer(UInt8.self), length > 0, let name = take(Int(length)),
      let type = integer(UInt8.self)
    else { return nil }
    let value: Value? =
      switch type {
      case 0: .bool(true)
      case 1: .bool(false)
      case 2: integer(Int8.self).map(Value.int8)
      case 3: integer(Int16.self).map(Value.int16)
      case 4: integer(Int32.self).map(Value.int32)
      case 5: integer(Int64.self).map(Value.int64)
      case 6: integer(UInt16.self).flatMap { take(Int($0)) }.map(Value.bytes)
      case 7: integer(UInt16.self).flatMap { take(Int($0)) }.map(Value.string)
      case 8: integer(Int64.self).map(Value.timestamp)
      case 9: take(16).map(Value.uuid)
      default: nil
      }
    guard let value else { return nil }
    at = cursor
    return (name, value)
  }
}

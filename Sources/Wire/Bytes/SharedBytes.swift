/// Bytes that never change after they were made, at an address that never moves, shared by all who send or
/// store them.
///
/// `@unchecked Sendable`: the memory is written before the initializer returns and only read afterwards;
/// reference counting frees it once.
package final class SharedBytes: @unchecked Sendable {
  package let base: UnsafePointer<UInt8>
  package let count: Int

  /// Takes over `memory`, which must have come from `malloc`.
  @usableFromInline
  init(adopting memory: UnsafeMutablePointer<UInt8>, count: Int) {
    base = UnsafePointer(memory)
    self.count = count
  }

  /// Copies the given bytes.
  package convenience init(_ bytes: some Sequence<UInt8>) {
    var writer = ByteWriter(capacity: bytes.underestimatedCount)
    for byte in bytes { writer.append(byte) }
    self.init(taking: writer)
  }

  package convenience init(copying bytes: UnsafeRawBufferPointer) {
    var writer = ByteWriter(capacity: bytes.count)
    writer.append(bytes)
    self.init(taking: writer)
  }

  /// Takes over what the writer has written, without a copy.
  package init(taking writer: consuming ByteWriter) {
    let (memory, count) = writer.release()
    base = UnsafePointer(memory)
    self.count = count
  }

  deinit { UnsafeMutablePointer(mutating: base).deallocate() }

  /// The bytes; valid only while this object is alive. Hold it in a variable: the pointer of a temporary
  /// dangles.
  @inlinable package var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  package subscript(range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: raw[range])
  }
}

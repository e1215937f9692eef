#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Growing bytes of one owner with readable bytes behind them.
package final class PaddedBuffer {
  /// Readable bytes behind the last one, as simdjson wants them; they are zero.
  package static let padding = 64

  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int) {
    self.capacity = max(capacity, 0)
    base = .allocate(byteCount: self.capacity + PaddedBuffer.padding, alignment: 16)
    clearPadding()
  }

  deinit { base.deallocate() }

  package var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  package func append(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    if count + bytes.count > capacity {
      capacity = max(count + bytes.count, capacity * 2, 64)
      let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity + PaddedBuffer.padding, alignment: 16)
      grown.copyMemory(from: base, byteCount: count)
      base.deallocate()
      base = grown
    }
    (base + count).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
    count += bytes.count
    clearPadding()
  }

  package func append(_ byte: UInt8) {
    withUnsafeBytes(of: byte) { append($0) }
  }

  /// Forgets everything; the room stays.
  package func removeAll() {
    count = 0
    clearPadding()
  }

  /// Forgets the first bytes.
  package func removeFirst(_ taken: Int) {
    count -= taken
    if taken > 0 { memmove(base, base + taken, count) }
    clearPadding()
  }

  private func clearPadding() { memset(base + count, 0, PaddedBuffer.padding) }
}

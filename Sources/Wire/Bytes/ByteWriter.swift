/// A growing run of bytes to write into: owned, never shared, without bounds checks per byte.
///
/// The memory belongs to the writer until `SharedBytes(taking:)` takes it over.
package struct ByteWriter: ~Copyable {
  @usableFromInline var memory: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  /// Bytes written so far.
  package internal(set) var count: Int

  package init(capacity: Int = 256) {
    self.capacity = max(capacity, 16)
    memory = .allocate(capacity: self.capacity)
    count = 0
  }

  deinit { memory.deallocate() }

  /// Hands the memory to the caller and leaves an empty writer behind.
  consuming func release() -> (UnsafeMutablePointer<UInt8>, Int) {
    let result = (memory, count)
    discard self
    return result
  }

  /// Hands over what was written, without a copy, and starts anew with room for `capacity` bytes.
  package mutating func takeShared(leaving capacity: Int = 256) -> SharedBytes {
    let fresh = max(capacity, 16)
    let taken = SharedBytes(adopting: memory, count: count)
    memory = .allocate(capacity: fresh)
    self.capacity = fresh
    count = 0
    return taken
  }

  /// What was written; valid until the next change.
  @inlinable package var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  /// Makes room for `extra` more bytes.
  @inlinable package mutating func reserve(_ extra: Int) {
    if count + extra > capacity { grow(to: count + extra) }
  }

  @usableFromInline mutating func grow(to needed: Int) {
    let grown = max(needed, capacity * 2)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
    fresh.update(from: memory, count: count)
    memory.deallocate()
    memory = fresh
    capacity = grown
  }

  @inlinable package mutating func append(_ byte: UInt8) {
    if count == capacity { reserve(1) }
    memory[count] = byte
    count += 1
  }

  @inlinable package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    UnsafeMutableRawPointer(memory + count).copyMemory(from: base, byteCount: bytes.count)
    count += bytes.count
  }

  @inlinable package mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Makes room for up to `limit` bytes, lets the closure write them and say how many it wrote.
  @discardableResult
  package mutating func appendUninitialized(
    _ limit: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int
  ) -> Int {
    reserve(limit)
    let written = write(memory + count)
    precondition(0...limit ~= written)
    count += written
    return written
  }

  /// Writes a number in decimal.
  package mutating func append(decimal value: some BinaryInteger) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = UInt64(value.magnitude)
    reserve(20)
    var digits = 1
    var bound: UInt64 = 10
    while digits < 20, rest >= bound {
      digits += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    var at = count + digits
    count = at
    repeat {
      at -= 1
      memory[at] = UInt8(truncatingIfNeeded: rest % 10) &+ 48
      rest /= 10
    } while rest > 0
  }

  /// Writes the lowest `digits` hexadecimal digits of a number, lower case, with leading zeros.
  package mutating func append(hex value: UInt64, digits: Int) {
    reserve(digits)
    var shift = digits * 4
    while shift > 0 {
      shift -= 4
      let nibble = UInt8(truncatingIfNeeded: (value >> UInt64(shift)) & 15)
      memory[count] = nibble < 10 ? nibble &+ 48 : nibble &+ 87
      count += 1
    }
  }

  /// Overwrites bytes that were written before.
  package mutating func overwrite(at offset: Int, with bytes: UnsafeRawBufferPointer) {
    precondition(offset >= 0 && offset + bytes.count <= count)
    guard let base = bytes.baseAddress else { return }
    UnsafeMutableRawPointer(memory + offset).copyMemory(from: base, byteCount: bytes.count)
  }

  /// Forgets what lies behind `count`; the room stays.
  package mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count)
    self.count = count
  }

  /// A String of what was written; invalid UTF-8 is repaired.
  package var string: String { String(decoding: raw, as: UTF8.self) }
}

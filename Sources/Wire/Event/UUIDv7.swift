/// Mints UUIDs of version 7 (RFC 9562 §5.7): a millisecond clock, then random bits, ascending within a
/// generator.
package struct UUIDv7Generator: Sendable {
  private var state: (UInt64, UInt64)
  private var last: (millisecond: UInt64, counter: UInt64) = (0, 0)

  package init() {
    var random = SystemRandomNumberGenerator()
    state = (random.next() | 1, random.next())
  }

  /// The two halves of a new id. Ids are unique, not secret: the bits come from xoroshiro128+, seeded by the
  /// system, because a system call an event costs more than the event.
  package mutating func next(at time: Timestamp) -> (high: UInt64, low: UInt64) {
    let random = step()
    let now = UInt64(bitPattern: max(time.nanoseconds, 0)) / 1_000_000
    if now > last.millisecond {
      last = (now, random & 0x7FF)
    } else {
      last.counter += 1
      if last.counter > 0xFFF { last = (last.millisecond + 1, 0) }
    }
    let high = (last.millisecond << 16) | 0x7000 | last.counter
    let low = (step() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    return (high, low)
  }

  private mutating func step() -> UInt64 {
    let (a, b) = state
    let mixed = b ^ a
    state = ((a << 24 | a >> 40) ^ mixed ^ (mixed << 16), mixed << 37 | mixed >> 27)
    return a &+ b
  }
}

extension ByteWriter {
  /// Writes a UUID in its 36-character form.
  package mutating func append(uuid: (high: UInt64, low: UInt64)) {
    append(hex: uuid.high >> 32, digits: 8)
    append(UInt8(ascii: "-"))
    append(hex: uuid.high >> 16, digits: 4)
    append(UInt8(ascii: "-"))
    append(hex: uuid.high, digits: 4)
    append(UInt8(ascii: "-"))
    append(hex: uuid.low >> 48, digits: 4)
    append(UInt8(ascii: "-"))
    append(hex: uuid.low, digits: 12)
  }
}

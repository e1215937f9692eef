/// Finds the members of a stored event again.
///
/// It reads canonical JSON only, which `EventBatchBuilder` wrote: known members may stand in any order but
/// before `data`, there is no white space, ids are plain. Anything else makes it answer nil, so a damaged
/// event is told apart.
package struct EventScanner {
  private let text: UnsafeRawBufferPointer
  private var at: Int

  /// Scans from the member whose name's quote is at `at`; 1 is the first.
  init(_ text: UnsafeRawBufferPointer, from at: Int = 1) {
    self.text = text
    self.at = at
  }

  /// The slot of the event that fills `text`, as if it started at `start` of its batch; nil when the bytes are
  /// not a stored event.
  package static func scan(_ text: UnsafeRawBufferPointer, start: Int = 0) -> EventSlot? {
    guard isObject(text) else { return nil }
    var scanner = EventScanner(text)
    var slot = EventSlot()
    guard scanner.members(into: &slot) else { return nil }
    slot.start = start
    slot.length = text.count
    return slot
  }

  static func isObject(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count > 2 && text[0] == UInt8(ascii: "{") && text[text.count - 1] == UInt8(ascii: "}")
  }

  /// Reads the members from `at` on into the slot; false when they make no sense. `began` hears of each member's name
  /// and the offset of its opening quote before the member is read.
  mutating func members(
    into slot: inout EventSlot, began: (UnsafeRawBufferPointer, Int) -> Void = { _, _ in }
  ) -> Bool {
    while at < text.count - 1 {
      let opening = at
      guard take(0x22), let nameEnd = stringEnd() else { return false }
      let name = UnsafeRawBufferPointer(rebasing: text[at..<nameEnd])
      began(name, opening)
      at = nameEnd + 1
      guard take(0x3A), at < text.count else { return false }
      let start = at
      guard skipValue(), at > start else { return false }
      guard note(name, start: start, end: at, in: &slot) else { return false }
      if name.elementsEqual("data") { return true }
      guard at == text.count - 1 || take(0x2C) else { return false }
    }
    return true
  }

  private func note(_ name: UnsafeRawBufferPointer, start: Int, end: Int, in slot: inout EventSlot) -> Bool {
    let value = UnsafeRawBufferPointer(rebasing: text[start..<end])
    if let field = Self.field(name) {
      let quoted = value[0] == 0x22
      slot[field] =
        quoted
        ? FieldRange(offset: start + 1, length: end - start - 2)
        : FieldRange(offset: start, length: end - start)
      return true
    }
    let inner = value.count >= 2 ? UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1]) : value
    switch name.count {
    case 4 where name.elementsEqual("time"):
      guard let time = Timestamp(rfc3339: inner) else { return false }
      slot.time = time.nanoseconds
    case 4 where name.elementsEqual("late"):
      slot.late = true
    case 5 where name.elementsEqual("phase"):
      guard let phase = Phase(inner) else { return false }
      slot.phase = phase
    case 8 where name.elementsEqual("received"):
      guard let time = Timestamp(rfc3339: inner) else { return false }
      slot.received = time.nanoseconds
      slot.insertion = UInt32(end)
    case 5 where name.elementsEqual("index"): return Self.integer(value, into: &slot.index)
    case 5 where name.elementsEqual("count"): return Self.integer(value, into: &slot.count)
    case 3 where name.elementsEqual("seq"): return Self.integer(value, into: &slot.seq)
    default: break
    }
    return true
  }

  /// The envelope member of that name, told apart by length and first letter before it is compared.
  package static func field(_ name: UnsafeRawBufferPointer) -> EventField? {
    let candidate: EventField
    switch (name.count, name.first) {
    case (2, UInt8(ascii: "i")): candidate = .id
    case (4, UInt8(ascii: "t")): candidate = name[1] == UInt8(ascii: "y") ? .type : .tags
    case (4, UInt8(ascii: "s")): candidate = .span
    case (4, UInt8(ascii: "d")): candidate = .data
    case (5, UInt8(ascii: "t")): candidate = .trace
    case (5, UInt8(ascii: "c")): candidate = .chain
    case (5, UInt8(ascii: "m")): candidate = .model
    case (6, UInt8(ascii: "p")): candidate = .parent
    case (6, UInt8(ascii: "s")): candidate = name[1] == UInt8(ascii: "o") ? .source : .schema
    case (7, UInt8(ascii: "s")): candidate = .session
    case (7, UInt8(ascii: "r")): candidate = .request
    case (8, UInt8(ascii: "i")): candidate = .identity
    case (8, UInt8(ascii: "p")):
      candidate =
        name[2] == UInt8(ascii: "o") && name[3] == UInt8(ascii: "v")
        ? .provider : .producer
    default: return nil
    }
    return name.elementsEqual(candidate.name) ? candidate : nil
  }

  private static func integer(_ text: UnsafeRawBufferPointer, into value: inout Int64) -> Bool {
    guard 1...16 ~= text.count else { return false }
    var number: Int64 = 0
    for byte in text {
      guard byte &- 48 < 10 else { return false }
      number = number * 10 + Int64(byte - 48)
    }
    value = number
    return true
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < text.count, text[at] == byte else { return false }
    at += 1
    return true
  }

  /// The offset of the quote that closes the string whose first character is at `at`. Eight bytes at a time: the
  /// lowest byte that equals a quote or a backslash is marked by its high bit (Mycroft's test for a zero byte).
  private func stringEnd() -> Int? { Self.stringEnd(text, from: at) }

  static func stringEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var i = start
    while i + 8 <= text.count {
      let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      let quotes = word ^ 0x2222_2222_2222_2222
      let escapes = word ^ 0x5C5C_5C5C_5C5C_5C5C
      let ones: UInt64 = 0x0101_0101_0101_0101
      let found = ((quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes) & 0x8080_8080_8080_8080
      if found == 0 {
        i += 8
        continue
      }
      i += found.trailingZeroBitCount / 8
      if text[i] == 0x22 { return i }
      i += 2
    }
    while i < text.count {
      switch text[i] {
      case 0x22: return i
      case 0x5C: i += 2
      default: i += 1
      }
    }
    return nil
  }

  private mutating func skipValue() -> Bool {
    switch text[at] {
    case 0x22:
      at += 1
      guard let end = stringEnd() else { return false }
      at = end + 1
    case 0x7B, 0x5B:
      var depth = 0
      repeat {
        guard at < text.count else { return false }
        switch text[at] {
        case 0x22:
          at += 1
          guard let end = stringEnd() else { return false }
          at = end
        case 0x7B, 0x5B: depth += 1
        case 0x7D, 0x5D: depth -= 1
        default: break
        }
        at += 1
      } while depth > 0
    default:
      while at < text.count, text[at] != 0x2C, text[at] != 0x7D, text[at] != 0x5D { at += 1 }
    }
    return true
  }
}

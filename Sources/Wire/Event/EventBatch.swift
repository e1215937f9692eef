#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Events in their stored form, one behind the other, that never change after they were built.
package final class EventBatch: Sendable {
  /// The canonical JSON of all events; an event's bytes are at its slot's start.
  package let bytes: SharedBytes
  package let slots: [EventSlot]

  package init(bytes: SharedBytes, slots: [EventSlot]) {
    self.bytes = bytes
    self.slots = slots
  }

  package var count: Int { slots.count }

  /// The bytes of one event; valid while the batch is alive.
  package func event(_ slot: EventSlot) -> UnsafeRawBufferPointer {
    bytes[slot.start..<slot.start + slot.length]
  }

  /// The bytes of a member, without the quotes of a string; empty when it is absent.
  package func field(_ field: EventField, of slot: EventSlot) -> UnsafeRawBufferPointer {
    bytes.raw.field(field, of: slot)
  }

  /// A member as a String; nil when it is absent.
  package func string(_ field: EventField, of slot: EventSlot) -> String? {
    let range = slot[field]
    return range.isPresent ? String(decoding: self.field(field, of: slot), as: UTF8.self) : nil
  }
}

extension UnsafeRawBufferPointer {
  /// A member's bytes where `self` holds the whole batch; empty when the member is absent.
  package func field(_ field: EventField, of slot: EventSlot) -> UnsafeRawBufferPointer {
    let range = slot[field]
    guard range.isPresent else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let start = slot.start + Int(range.offset)
    return UnsafeRawBufferPointer(rebasing: self[start..<start + Int(range.length)])
  }

  /// Whether two runs of bytes are the same.
  package func sameBytes(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let mine = baseAddress, let others = other.baseAddress else { return true }
    return memcmp(mine, others, count) == 0
  }
}

import Wire

/// The events of the commit that is being made, in their final form, with their membership.
struct Commit: ~Copyable {
  let firstOffset: UInt64
  /// Tells the commits of this opening apart.
  let number: UInt64
  var builder: EventBatchBuilder
  /// Hashes of the ids that producers gave.
  var ids: [UInt64] = []
  /// The latest `received`.
  private(set) var received: Int64 = 0
  private var keys: [UInt64] = []
  private var lastRequest: UInt64 = 0

  init(firstOffset: UInt64, number: UInt64, bytes: Int, events: Int) {
    self.firstOffset = firstOffset
    self.number = number
    builder = EventBatchBuilder(capacity: bytes + events * 16, events: events)
  }

  /// The offset the next event gets.
  var nextOffset: UInt64 { firstOffset + UInt64(builder.count) }

  /// Notes which spans, traces, sessions, chains and requests the event belongs to.
  mutating func note(_ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, of span: SpanState?) {
    received = max(received, slot.received)
    if let span, span.markedCommit != number {
      keys += span.memberKeys
      span.markedCommit = number
    }
    note(slot, bytes, .trace, unless: span?.trace)
    note(slot, bytes, .session, unless: span?.session)
    note(slot, bytes, .chain, unless: span?.chain)
    if slot.request.isPresent {
      let key = MemberKind.request.key(bytes.field(.request, of: slot))
      if key != lastRequest { keys.append(key) }
      lastRequest = key
    }
  }

  /// Most events say what their span says; only another value needs a key of its own.
  private mutating func note(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, _ kind: MemberKind, unless known: SharedBytes?
  ) {
    guard slot[kind.field].isPresent else { return }
    let value = bytes.field(kind.field, of: slot)
    if let known, known.raw.sameBytes(value) { return }
    keys.append(kind.key(value))
  }

  /// The membership so far, ascending and each key once.
  mutating func sortedKeys() -> [UInt64] {
    keys.sort()
    var kept = 0
    for key in keys where kept == 0 || keys[kept - 1] != key {
      keys[kept] = key
      kept += 1
    }
    keys.removeLast(keys.count - kept)
    return keys
  }

  /// The batch of all events.
  consuming func finish() -> EventBatch { builder.finish() }
}

/// What an event takes over from its span when it does not say it itself.
package struct Inherited: Sendable {
  package var trace: SharedBytes?
  package var session: SharedBytes?
  package var chain: SharedBytes?
  /// The span had ended before this event came.
  package var late = false

  package init() {}

  package var isEmpty: Bool { trace == nil && session == nil && chain == nil && !late }
}

/// Writes events in their canonical form and notes where their members lie.
///
/// Members are given in the canonical order: id, type, phase, time, received, trace, span, parent, session,
/// chain, request, source, identity, provider, model, index, count, producer, seq, schema, tags, data, then
/// unknown ones. The caller has validated them.
package struct EventBatchBuilder: ~Copyable {
  private var bytes: ByteWriter
  private var slots: [EventSlot] = []
  private var current = EventSlot()
  /// The last time that was written, and how: one moment stands in many events.
  private var lastTime = Int64.min
  private var lastTimeText = ByteWriter(capacity: 40)

  package init(capacity: Int = 1024, events: Int = 1) {
    bytes = ByteWriter(capacity: capacity)
    slots.reserveCapacity(events)
  }

  /// Events ended so far.
  package var count: Int { slots.count }
  /// Bytes of the events ended so far, and of the one that is open.
  package var byteCount: Int { bytes.count }

  package mutating func begin() {
    current = EventSlot()
    current.start = bytes.count
    bytes.append(UInt8(ascii: "{"))
  }

  /// Closes the event and returns its slot.
  @discardableResult
  package mutating func end() -> EventSlot {
    bytes.append(UInt8(ascii: "}"))
    current.length = bytes.count - current.start
    slots.append(current)
    return current
  }

  /// Drops the event that is open.
  package mutating func discard() { bytes.truncate(to: current.start) }

  /// Hands over what was built.
  package consuming func finish() -> EventBatch {
    EventBatch(bytes: SharedBytes(taking: bytes), slots: slots)
  }

  // MARK: Members

  /// An id that was minted here (see `UUIDv7Generator`).
  package mutating func mintedID(_ id: (high: UInt64, low: UInt64)) {
    key("id")
    quoted(.id) { $0.append(uuid: id) }
    current.mintedID = true
  }

  /// A string that contains nothing to escape (ids, types) or is escaped canonically already.
  package mutating func string(_ field: EventField, escaped text: UnsafeRawBufferPointer) {
    key(field.name)
    quoted(field) { $0.append(text) }
  }

  /// A string that is escaped here.
  package mutating func string(_ field: EventField, _ text: String) {
    key(field.name)
    let start = bytes.count + 1
    bytes.append(jsonString: text)
    current[field] = FieldRange(offset: start - current.start, length: bytes.count - 1 - start)
  }

  /// A member given as JSON text without insignificant white space.
  package mutating func json(_ field: EventField, _ text: UnsafeRawBufferPointer) {
    key(field.name)
    let start = bytes.count
    bytes.append(text)
    current[field] = FieldRange(offset: start - current.start, length: text.count)
  }

  /// A member whose JSON text is written by the closure.
  package mutating func json(_ field: EventField, _ write: (inout ByteWriter) -> Void) {
    key(field.name)
    let start = bytes.count
    write(&bytes)
    current[field] = FieldRange(offset: start - current.start, length: bytes.count - start)
  }

  package mutating func phase(_ phase: Phase) {
    key("phase")
    bytes.append(UInt8(ascii: "\""))
    bytes.append(phase.name)
    bytes.append(UInt8(ascii: "\""))
    current.phase = phase
  }

  /// The producer's time; `text` is how it said it (RFC 3339), kept as it was.
  package mutating func time(_ time: Timestamp, as text: UnsafeRawBufferPointer? = nil) {
    key("time")
    current.time = time.nanoseconds
    bytes.append(UInt8(ascii: "\""))
    if let text { bytes.append(text) } else { append(time) }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func received(_ time: Timestamp) {
    key("received")
    current.received = time.nanoseconds
    bytes.append(UInt8(ascii: "\""))
    append(time)
    bytes.append(UInt8(ascii: "\""))
    current.insertion = UInt32(bytes.count - current.start)
  }

  package mutating func index(_ value: Int64) {
    number("index", value)
    current.index = value
  }

  package mutating func count(_ value: Int64) {
    number("count", value)
    current.count = value
  }

  package mutating func seq(_ value: Int64) {
    number("seq", value)
    current.seq = value
  }

  /// A member that the envelope does not know: its name (escaped as it came) and its JSON text.
  package mutating func unknown(name: UnsafeRawBufferPointer, json text: UnsafeRawBufferPointer) {
    if bytes.count > current.start + 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(name)
    bytes.append("\":")
    bytes.append(text)
  }

  // MARK: Copies

  /// Copies an event of another batch, with what it inherits put in behind `received`.
  package mutating func append(
    copying slot: EventSlot, from source: UnsafeRawBufferPointer, inheriting inherited: Inherited
  ) {
    var copy = slot
    copy.start = bytes.count
    let event = UnsafeRawBufferPointer(rebasing: source[slot.start..<slot.start + slot.length])
    guard !inherited.isEmpty else {
      bytes.append(event)
      slots.append(copy)
      return
    }
    let point = Int(slot.insertion)
    bytes.append(UnsafeRawBufferPointer(rebasing: event[..<point]))
    let before = bytes.count
    current = EventSlot()
    current.start = copy.start
    for (field, value) in [
      (EventField.trace, inherited.trace), (.session, inherited.session), (.chain, inherited.chain),
    ] where value != nil && !slot[field].isPresent {
      if let value { string(field, escaped: value.raw) }
    }
    if inherited.late, !slot.late { bytes.append(",\"late\":true") }
    copy.shift(from: slot.insertion, by: bytes.count - before)
    for field in [EventField.trace, .session, .chain] where current[field].isPresent {
      copy[field] = current[field]
    }
    copy.late = slot.late || inherited.late
    bytes.append(UnsafeRawBufferPointer(rebasing: event[point...]))
    copy.length = bytes.count - copy.start
    slots.append(copy)
  }

  // MARK: Pieces

  private mutating func key(_ name: StaticString) {
    if bytes.count > current.start + 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(name)
    bytes.append("\":")
  }

  private mutating func append(_ time: Timestamp) {
    if time.nanoseconds != lastTime {
      lastTime = time.nanoseconds
      lastTimeText.truncate(to: 0)
      lastTimeText.append(rfc3339: time)
    }
    bytes.append(lastTimeText.raw)
  }

  private mutating func quoted(_ field: EventField, _ write: (inout ByteWriter) -> Void) {
    bytes.append(UInt8(ascii: "\""))
    let start = bytes.count
    write(&bytes)
    current[field] = FieldRange(offset: start - current.start, length: bytes.count - start)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func number(_ name: StaticString, _ value: Int64) {
    key(name)
    bytes.append(decimal: value)
  }
}

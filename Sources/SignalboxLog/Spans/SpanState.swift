import Wire

/// A span as the writer keeps it in memory: its row, which delta indexes it has, and what its events inherit.
/// Confined to the writer's thread.
final class SpanState: Tracked {
  let key: UInt64
  var row: SpanRow
  /// The delta indexes that are stored.
  var indexes = RangeSet()
  /// It is the first span of its trace that came in, so the trace is listed by it.
  var opensTrace = false
  /// Some event of it names another trace than the span's, so its trace's membership does not find them all.
  private(set) var isMixed = false

  /// What its events inherit, as stored bytes.
  private(set) var trace: SharedBytes?
  private(set) var session: SharedBytes?
  private(set) var chain: SharedBytes?
  /// Its numbers in the membership: its own, its trace's, session's and chain's.
  private(set) var memberKeys: [UInt64] = []

  /// The last sign of life, by the log's clock, nanoseconds.
  var seen: Int64
  /// The row is to be written with this commit.
  var isDue = false
  /// The commit whose membership already has `memberKeys`.
  var markedCommit: UInt64 = 0

  var dirtySince: UInt64?
  var asOf: UInt64

  init(key: UInt64, row: SpanRow, asOf: UInt64, seen: Int64, isMixed: Bool = false) {
    self.isMixed = isMixed
    self.key = key
    self.row = row
    self.asOf = asOf
    self.seen = seen
    trace = row.trace.map { SharedBytes($0.utf8) }
    session = row.session.map { SharedBytes($0.utf8) }
    chain = row.chain.map { SharedBytes($0.utf8) }
    refreshKeys()
  }

  var isOpen: Bool { row.status == .running }

  /// Whether an event with this phase comes after the end.
  func isLate(_ phase: Phase?) -> Bool {
    switch row.status {
    case .running: false
    case .lost: phase?.isTerminal != true
    case .ok, .error: true
    }
  }

  /// Takes an event in that is stored at `offset`. Answers whether the row must be written with it: it was
  /// opened, named or ended, not merely streamed to.
  func apply(_ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, offset: UInt64) -> Bool {
    var due = absorb(slot, bytes)
    row.lastOffset = max(row.lastOffset, offset)
    asOf = offset + 1
    switch slot.phase {
    case .delta:
      if row.firstDelta == nil { row.firstDelta = slot.time }
      row.deltas += slot.count
      if slot.index >= 0 { indexes.insert(slot.index..<slot.index + slot.count) }
    case .start:
      row.started = slot.time
      open(slot, bytes)
      due = true
    case .usage:
      note(usage: bytes.field(.data, of: slot))
    case .end, .error:
      let data = CanonicalObject(bytes.field(.data, of: slot))
      if let usage = data.member("usage") { note(usage: usage) }
      guard isOpen || row.status == .lost else { break }
      row.ended = slot.time
      row.status = .ok
      row.reason = nil
      row.message = nil
      if slot.phase == .error {
        row.reason = data.string("reason", most: 64)
        row.message = data.string("message", most: 500)
        row.status = row.reason == "lost" ? .lost : .error
      }
      due = true
    case .progress, .restart, nil: break
    }
    return due
  }

  /// Names the span after the event that opens it.
  func open(_ slot: EventSlot, _ bytes: UnsafeRawBufferPointer) {
    let type = String(decoding: bytes.field(.type, of: slot), as: UTF8.self)
    row.type = type
    row.kind = type.lastIndex(of: ".").map { String(type[..<$0]) } ?? type
    if let name = CanonicalObject(bytes.field(.data, of: slot)).string("name", most: 200) { row.name = name }
  }

  /// Takes over what the span did not know yet; whether there was anything.
  private func absorb(_ slot: EventSlot, _ bytes: UnsafeRawBufferPointer) -> Bool {
    var changed = false
    if !isMixed, let trace, slot.trace.isPresent, !bytes.field(.trace, of: slot).sameBytes(trace.raw) {
      isMixed = true
      changed = true
    }
    func take(_ field: EventField, _ value: inout String?) {
      guard value == nil, slot[field].isPresent else { return }
      value = String(jsonEscaped: bytes.field(field, of: slot))
      changed = true
    }
    func share(_ field: EventField, _ text: inout String?, _ value: inout SharedBytes?) {
      guard value == nil, slot[field].isPresent else { return }
      let found = SharedBytes(copying: bytes.field(field, of: slot))
      text = String(decoding: found.raw, as: UTF8.self)
      value = found
      changed = true
    }
    share(.trace, &row.trace, &trace)
    share(.session, &row.session, &session)
    share(.chain, &row.chain, &chain)
    if changed { refreshKeys() }
    take(.parent, &row.parent)
    take(.provider, &row.provider)
    take(.model, &row.model)
    take(.producer, &row.producer)
    return changed
  }

  private func refreshKeys() {
    let id = SharedBytes(row.span.utf8)
    memberKeys = [MemberKind.span.key(id.raw)]
    if let trace { memberKeys.append(MemberKind.trace.key(trace.raw)) }
    if let session { memberKeys.append(MemberKind.session.key(session.raw)) }
    if let chain { memberKeys.append(MemberKind.chain.key(chain.raw)) }
    markedCommit = 0
  }

  /// Keeps usage objects of a believable size.
  private func note(usage: UnsafeRawBufferPointer) {
    if 2...4096 ~= usage.count { row.usage = String(decoding: usage, as: UTF8.self) }
  }
}

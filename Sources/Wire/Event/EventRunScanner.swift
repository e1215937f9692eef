/// Finds the members of events that lie behind one another, most of which have the shape of the one before: the same
/// members of the same lengths, of which the ids and times differ and the others do not.
///
/// Such an event is compared with the last instead of being read up to its `index`, `seq` or `data`; any other is
/// scanned. Either way the answer is `EventScanner.scan`'s.
package struct EventRunScanner {
  /// A stretch of the model in which another event may have other bytes.
  private struct Gap {
    enum Kind { case id, time, received }

    var kind: Kind
    var start: Int
    var end: Int
  }

  /// The last event that was scanned; empty: none. Its bytes outlive the scanner.
  private var model = UnsafeRawBufferPointer(start: nil, count: 0)
  private var slot = EventSlot()
  /// Members behind this are always scanned.
  private var prefix = 0
  private var gaps: [Gap] = []

  package init() {}

  /// The slot of the event that fills `text`, whose bytes must stay until the scanner goes.
  package mutating func scan(_ text: UnsafeRawBufferPointer, start: Int = 0) -> EventSlot? {
    if var slot = match(text) {
      slot.start = start
      slot.length = text.count
      return slot
    }
    return learn(text, start: start)
  }

  private mutating func learn(_ text: UnsafeRawBufferPointer, start: Int) -> EventSlot? {
    prefix = 0
    gaps.removeAll(keepingCapacity: true)
    guard EventScanner.isObject(text) else { return nil }
    var before = EventSlot()
    var found: [(kind: Gap.Kind, value: Int)] = []
    var end = 0
    var scanned = EventSlot()
    var scanner = EventScanner(text)
    let isWhole = scanner.members(into: &scanned) { name, opening in
      if end > 0 { return }
      // Behind the quotes, the colon and the value's own quote.
      let value = opening + name.count + 4
      switch name.count {
      case 4 where name.elementsEqual("time"): found.append((.time, value))
      case 8 where name.elementsEqual("received"): found.append((.received, value))
      case 5 where name.elementsEqual("index") || name.elementsEqual("count"): end = opening
      case 3 where name.elementsEqual("seq"): end = opening
      case 4 where name.elementsEqual("data") || name.elementsEqual("tags"): end = opening
      default: break
      }
    }
    guard isWhole else { return nil }
    scanned.start = start
    scanned.length = text.count
    guard end > 0 else { return scanned }
    // What is behind the prefix is found anew in each event.
    before = scanned
    before.index = -1
    before.count = 1
    before.seq = -1
    for field in EventField.allCases where Int(before[field].offset) > end { before[field] = FieldRange() }
    guard before.insertion <= UInt32(end) else { return scanned }
    for field in [EventField.id, .trace, .span, .parent] where before[field].isPresent {
      let range = before[field]
      gaps.append(Gap(kind: .id, start: Int(range.offset), end: Int(range.offset + range.length)))
    }
    for (kind, value) in found {
      guard let closing = EventScanner.stringEnd(text, from: value), closing < end else { return scanned }
      gaps.append(Gap(kind: kind, start: value, end: closing))
    }
    gaps.sort { $0.start < $1.start }
    slot = before
    model = text
    prefix = end
    return scanned
  }

  private func match(_ text: UnsafeRawBufferPointer) -> EventSlot? {
    guard prefix > 0, text.count > prefix + 1, EventScanner.isObject(text) else { return nil }
    var slot = slot
    var at = 0
    for gap in gaps {
      guard same(text, at..<gap.start) else { return nil }
      at = gap.end
      // The same bytes say the same.
      if same(text, gap.start..<gap.end) { continue }
      switch gap.kind {
      case .id: guard EventScanner.stringEnd(text, from: gap.start) == gap.end else { return nil }
      case .time:
        guard let time = time(text, gap) else { return nil }
        slot.time = time
      case .received:
        guard let time = time(text, gap) else { return nil }
        slot.received = time
      }
    }
    guard same(text, at..<prefix) else { return nil }
    var scanner = EventScanner(text, from: prefix)
    return scanner.members(into: &slot) ? slot : nil
  }

  private func time(_ text: UnsafeRawBufferPointer, _ gap: Gap) -> Int64? {
    Timestamp(rfc3339: UnsafeRawBufferPointer(rebasing: text[gap.start..<gap.end]))?.nanoseconds
  }

  private func same(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    UnsafeRawBufferPointer(rebasing: model[range]).sameBytes(UnsafeRawBufferPointer(rebasing: text[range]))
  }
}

internal import Signalbox
internal import SignalboxLog
internal import Wire

/// Keeps of each event what the policy says, before it is stored. Texts that are streamed are redacted across their
/// deltas: each delta has what is decided of the text so far, and the span's end is preceded by what was held back.
///
/// Confined to the log's writer thread, where it is made.
final class ContentCleaner: EventCleaner {
  /// Spans whose streams are followed at once.
  static let spanLimit = 16_384

  private let policy: ContentPolicy
  private let ledger: RedactionLedger
  private var streams: StreamTable
  /// One for the members around `data`, one for what is in it: the second works while the first does.
  private var envelope: JSONRedactor
  private var inner: JSONRedactor
  private var streamed = RedactionCounts()
  private var ids = UUIDv7Generator()
  private var plain = ByteWriter(capacity: 1024)
  private var clean = ByteWriter(capacity: 1024)

  init(_ policy: ContentPolicy, ledger: RedactionLedger, spanLimit: Int = ContentCleaner.spanLimit) {
    self.policy = policy
    self.ledger = ledger
    streams = StreamTable(limit: spanLimit)
    envelope = JSONRedactor(policy.set, fields: policy.fields)
    inner = JSONRedactor(policy.set, fields: policy.fields)
  }

  func begin() { streams.begin() }

  func rollBack() { streams.rollBack() }

  func clean(
    _ slot: EventSlot, of bytes: UnsafeRawBufferPointer, nextIndex: Int64?
  ) -> EventBatch? {
    let mode = mode(of: slot, bytes)
    let held = takeHeld(slot, bytes, nextIndex: nextIndex)
    guard mode != .full || held != nil else { return nil }
    var text = ByteWriter(capacity: slot.length + 256)
    switch mode {
    case .full: text.append(UnsafeRawBufferPointer(rebasing: bytes[slot.start..<slot.start + slot.length]))
    case .metadata: text.append(metadataOf: slot, of: bytes)
    case .redacted: append(redacted: slot, of: bytes, nextIndex: nextIndex, to: &text)
    }
    var builder = EventBatchBuilder(capacity: text.count + 512, events: 2)
    if let held { append(held, before: slot, of: bytes, index: nextIndex ?? 0, to: &builder) }
    // What was written is an event again: only values of members were replaced.
    guard var cleaned = EventScanner.scan(text.raw) else { return builder.finish() }
    cleaned.mintedID = slot.mintedID
    builder.append(copying: cleaned, from: text.raw, inheriting: Inherited())
    return builder.finish()
  }

  private func mode(of slot: EventSlot, _ bytes: UnsafeRawBufferPointer) -> ContentMode {
    guard !policy.rules.isEmpty else { return policy.mode }
    var service: [UInt8] = []
    let source = bytes.field(.source, of: slot)
    if !source.isEmpty, let value = try? JSONValue(parsing: source)["service"]?.string {
      service = Array(value.utf8)
    }
    return policy.mode(
      type: bytes.field(.type, of: slot), identity: bytes.field(.identity, of: slot), service: service)
  }

  // MARK: An event

  private func append(
    redacted slot: EventSlot, of bytes: UnsafeRawBufferPointer, nextIndex: Int64?, to out: inout ByteWriter
  ) {
    envelope.counts = RedactionCounts()
    inner.counts = RedactionCounts()
    streamed = RedactionCounts()
    let event = UnsafeRawBufferPointer(rebasing: bytes[slot.start..<slot.start + slot.length])
    var before = RedactionCounts()
    envelope.append(event, names: [], to: &out) { [self] name, value, out in
      if name.elementsEqual("data") {
        append(data: value, slot, bytes, nextIndex: nextIndex, to: &out)
        return true
      }
      guard Self.isStructure(name) else { return false }
      out.append(value)
      return true
    }
    before.add(envelope.counts)
    before.add(inner.counts)
    before.add(streamed)
    if !before.isEmpty { ledger.add(before) }
  }

  /// Members that say what the event is and where it belongs; the envelope's rules leave no room in them for a text.
  private static func isStructure(_ name: UnsafeRawBufferPointer) -> Bool {
    if let field = EventScanner.field(name) {
      switch field {
      case .source, .provider, .model, .schema, .tags, .data: return false
      case .id, .type, .trace, .span, .parent, .session, .chain, .request, .identity, .producer: return true
      }
    }
    return ["phase", "time", "received", "index", "count", "seq", "late"].contains {
      name.elementsEqual($0 as StaticString)
    }
  }

  private func append(
    data: UnsafeRawBufferPointer, _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, nextIndex: Int64?,
    to out: inout ByteWriter
  ) {
    let key = slot.phase == .delta && data.first == UInt8(ascii: "{") ? Self.streamKey(data) : nil
    if let key {
      inner.append(data, names: [Array("data".utf8)], to: &out) { [self] name, value, out in
        guard name.elementsEqual("text"), value.first == UInt8(ascii: "\""), value.count >= 2,
          !policy.isField(Self.textPath)
        else { return false }
        let text = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        append(piece: text, of: key, slot, bytes, nextIndex: nextIndex, to: &out)
        return true
      }
    } else {
      inner.append(data, names: [Array("data".utf8)], to: &out)
    }
    // Counted here, where there is an object to say it in; what else was found shows in the metrics only.
    guard data.first == UInt8(ascii: "{"), out.raw.last == UInt8(ascii: "}") else { return }
    var found = inner.counts
    found.add(streamed)
    guard !found.isEmpty, case .object(let object)? = try? JSONValue(parsing: data), object["redacted"] == nil
    else {
      return
    }
    out.truncate(to: out.count - 1)
    out.append(object.members.isEmpty ? "\"redacted\":" : ",\"redacted\":")
    found.append(to: &out, names: policy.set.names)
    out.append("}")
  }

  private static let textPath = [Array("data".utf8), Array("text".utf8)]

  // MARK: Streams

  private static func streamKey(_ data: UnsafeRawBufferPointer) -> SpanRedactor.Key? {
    guard case .object(let object)? = try? JSONValue(parsing: data), object["text"]?.string != nil else {
      return nil
    }
    return SpanRedactor.Key(
      channel: object["channel"]?.string, choice: object["choice"]?.int, tool: object["tool"]?["index"]?.int)
  }

  private func append(
    piece: UnsafeRawBufferPointer, of key: SpanRedactor.Key, _ slot: EventSlot,
    _ bytes: UnsafeRawBufferPointer,
    nextIndex: Int64?, to out: inout ByteWriter
  ) {
    plain.truncate(to: 0)
    clean.truncate(to: 0)
    plain.append(unescapingJSON: piece)
    let id = Array(bytes.field(.span, of: slot))
    var span = streams[id] ?? HeldSpan(type: Array(bytes.field(.type, of: slot)))
    span.texts.feed(
      plain.raw, of: key, index: slot.index >= 0 ? slot.index : nil, expected: nextIndex, with: policy.set,
      into: &clean, counts: &streamed)
    // Of a span that has ended nothing is held back any more.
    if nextIndex != nil, streams.set(id, span) { ledger.noteEviction() }
    out.append(jsonString: clean.raw)
  }

  /// What is held back of a span that this event ends. A restart makes void what was held back with its deltas.
  private func takeHeld(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, nextIndex: Int64?
  ) -> HeldSpan? {
    guard !streams.isEmpty, slot.span.isPresent else { return nil }
    switch slot.phase {
    case .end, .error:
      let id = Array(bytes.field(.span, of: slot))
      guard let span = streams[id] else { return nil }
      _ = streams.set(id, nil)
      return span.texts.holds ? span : nil
    case .restart:
      let id = Array(bytes.field(.span, of: slot))
      guard var span = streams[id] else { return nil }
      let first = (try? JSONValue(parsing: bytes.field(.data, of: slot)))?["discard_from"]?.int ?? 0
      span.texts.discard(from: first, expected: nextIndex ?? .max)
      _ = streams.set(id, span)
      return nil
    default: return nil
    }
  }

  /// Writes what was held back as deltas that follow the span's last.
  private func append(
    _ held: HeldSpan, before slot: EventSlot, of bytes: UnsafeRawBufferPointer, index: Int64,
    to builder: inout EventBatchBuilder
  ) {
    var next = index
    var held = held
    let type = held.type
    held.texts.finish(with: policy.set) { key, text, counts in
      if !counts.isEmpty { ledger.add(counts) }
      builder.begin()
      builder.mintedID(ids.next(at: Timestamp(nanoseconds: slot.received)))
      type.withUnsafeBytes { builder.string(.type, escaped: $0) }
      builder.phase(.delta)
      builder.time(Timestamp(nanoseconds: slot.time))
      builder.received(Timestamp(nanoseconds: slot.received))
      for field in [EventField.trace, .span, .parent, .session, .chain, .request] {
        Self.copy(field, of: slot, bytes, to: &builder)
      }
      Self.copy(.identity, of: slot, bytes, to: &builder)
      for field in [EventField.provider, .model] where slot[field].isPresent {
        var label = ByteWriter(capacity: 64)
        envelope.append(string: bytes.field(field, of: slot), to: &label)
        builder.string(field, escaped: UnsafeRawBufferPointer(rebasing: label.raw.dropFirst().dropLast()))
      }
      // Deltas that are not numbered stay so.
      if index > 0 {
        builder.index(next)
        next += 1
      }
      builder.json(.data) { data in
        data.append("{\"channel\":")
        data.append(jsonString: key.channel)
        if key.choice != 0 {
          data.append(",\"choice\":")
          data.append(decimal: key.choice)
        }
        if let tool = key.tool {
          data.append(",\"tool\":{\"index\":")
          data.append(decimal: tool)
          data.append("}")
        }
        data.append(",\"text\":")
        data.append(jsonString: text.raw)
        if !counts.isEmpty {
          data.append(",\"redacted\":")
          counts.append(to: &data, names: policy.set.names)
        }
        data.append("}")
      }
      builder.end()
    }
  }

  private static func copy(
    _ field: EventField, of slot: EventSlot, _ bytes: UnsafeRawBufferPointer,
    to builder: inout EventBatchBuilder
  ) {
    guard slot[field].isPresent else { return }
    builder.string(field, escaped: bytes.field(field, of: slot))
  }
}

extension ContentPolicy {
  fileprivate func isField(_ names: [[UInt8]]) -> Bool { fields.contains { $0.matches(names) } }
}

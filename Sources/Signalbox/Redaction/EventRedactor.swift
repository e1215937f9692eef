internal import Wire

/// Keeps of an application's events what a policy says. Texts that spans stream are redacted across their deltas: what
/// may be the beginning of something to redact comes with a later delta, and what is left with one before the end.
struct EventRedactor: Sendable {
  private struct Streams: Sendable {
    /// The type of its deltas.
    var type: EventType
    /// The index that follows the last delta's.
    var next: Int64 = 0
    var isNumbered = false
    var texts = SpanRedactor()
  }

  /// Spans whose streams are followed at once: another takes the place of any, whose held text is dropped.
  private static let spanLimit = 4096

  private let policy: ContentPolicy
  private var spans: [SpanID: Streams] = [:]
  private var counts = RedactionCounts()

  /// Nil when nothing is to be done.
  init?(_ policy: ContentPolicy?) {
    guard let policy, !policy.keepsAll else { return nil }
    self.policy = policy
  }

  /// What is to be sent instead of an event: itself last, before it deltas that had been held back.
  mutating func clean(_ event: consuming Event, id: () -> EventID) -> [Event] {
    var events: [Event] = []
    if let span = event.span {
      if event.phase == .end || event.phase == .error, let ended = spans.removeValue(forKey: span) {
        events = held(of: ended, before: event, id: id)
      } else if event.phase == .restart {
        let first = event.data?["discard_from"]?.int ?? 0
        let expected = spans[span]?.next ?? 0
        spans[span]?.texts.discard(from: first, expected: expected)
      }
    }
    let mode = policy.mode(
      type: event.type.name.utf8Array, identity: event.identity?.description.utf8Array ?? [],
      service: event.source?.service?.utf8Array ?? [])
    switch mode {
    case .full: break
    case .metadata:
      event.tags = [:]
      if case .object(let data)? = event.data {
        event.data = EventMetadata.of(data)
      } else {
        event.data = nil
      }
    case .redacted: redact(&event)
    }
    events.append(event)
    return events
  }

  private mutating func redact(_ event: inout Event) {
    counts = RedactionCounts()
    for (name, value) in event.tags {
      event.tags[name] = clean(value, at: ["tags".utf8Array, name.utf8Array])
    }
    if let source = event.source {
      event.source = Context.Source(
        service: source.service.map { clean($0, at: ["source".utf8Array, "service".utf8Array]) },
        module: source.module.map { clean($0, at: ["source".utf8Array, "module".utf8Array]) },
        method: source.method.map { clean($0, at: ["source".utf8Array, "method".utf8Array]) })
    }
    event.provider = event.provider.map { clean($0, at: ["provider".utf8Array]) }
    event.model = event.model.map { clean($0, at: ["model".utf8Array]) }
    guard let data = event.data else { return }
    let path = ["data".utf8Array]
    guard !isField(path) else {
      event.data = Self.replacement
      return
    }
    guard case .object(var object) = data else {
      event.data = clean(data, at: path)
      return
    }
    for place in object.members.indices {
      let (name, value) = object.members[place]
      if name == "text", event.phase == .delta, case .string(let text) = value, let span = event.span,
        !isField(path + [name.utf8Array])
      {
        object.members[place].1 = .string(piece(text, of: span, event, data))
      } else {
        object.members[place] = member(name, value, at: path)
      }
    }
    if !counts.isEmpty, object["redacted"] == nil { object["redacted"] = found(counts) }
    event.data = .object(object)
  }

  private func found(_ counts: RedactionCounts) -> JSONValue {
    var found = JSONObject()
    for (number, count) in counts.found.enumerated() where count > 0 {
      found.members.append((policy.set.names[number], .int(Int64(count))))
    }
    return .object(found)
  }

  // MARK: Values

  private static let mark = "\(RedactionSet.replacement)"
  private static let replacement = JSONValue.string(mark)

  private func isField(_ path: [[UInt8]]) -> Bool { policy.fields.contains { $0.matches(path) } }

  private mutating func clean(_ text: String, at path: [[UInt8]]) -> String {
    guard !isField(path) else {
      counts.add(Detector.field.number)
      return Self.mark
    }
    return clean(text)
  }

  private mutating func clean(_ text: String) -> String {
    let before = counts
    var out = ByteWriter(capacity: text.utf8.count + 16)
    var text = text
    text.withUTF8 { policy.set.redact(UnsafeRawBufferPointer($0), into: &out, counts: &counts) }
    return counts == before ? text : out.string
  }

  private mutating func member(_ name: String, _ value: JSONValue, at path: [[UInt8]]) -> (String, JSONValue)
  {
    let path = policy.fields.isEmpty ? path : path + [name.utf8Array]
    guard !policy.fields.isEmpty, isField(path) else { return (clean(name), clean(value, at: path)) }
    counts.add(Detector.field.number)
    return (clean(name), Self.replacement)
  }

  private mutating func clean(_ value: JSONValue, at path: [[UInt8]]) -> JSONValue {
    switch value {
    case .null, .bool: return value
    case .string(let text): return .string(clean(text))
    case .int, .double:
      let text = value.description
      // No card has fewer digits.
      return text.utf8.count >= 13 && clean(text) != text ? Self.replacement : value
    case .array(let elements):
      var cleaned: [JSONValue] = []
      cleaned.reserveCapacity(elements.count)
      for element in elements { cleaned.append(clean(element, at: path)) }
      return .array(cleaned)
    case .object(var object):
      for place in object.members.indices {
        let (name, value) = object.members[place]
        object.members[place] = member(name, value, at: path)
      }
      return .object(object)
    }
  }

  // MARK: Streams

  private mutating func piece(_ text: String, of span: SpanID, _ event: Event, _ data: JSONValue) -> String {
    let key = SpanRedactor.Key(
      channel: data["channel"]?.string, choice: data["choice"]?.int, tool: data["tool"]?["index"]?.int)
    if spans[span] == nil, spans.count >= Self.spanLimit, let other = spans.keys.first { spans[other] = nil }
    var streams = spans.removeValue(forKey: span) ?? Streams(type: event.type)
    defer { spans[span] = streams }
    let expected = streams.next
    var out = ByteWriter(capacity: text.utf8.count + 64)
    var text = text
    text.withUTF8 {
      streams.texts.feed(
        UnsafeRawBufferPointer($0), of: key, index: event.index, expected: expected, with: policy.set,
        into: &out, counts: &counts)
    }
    if let index = event.index, index >= expected {
      streams.isNumbered = true
      streams.next = max(expected, index &+ event.count)
    }
    return out.string
  }

  /// What was held back of a span, as deltas that follow its last.
  private mutating func held(of span: Streams, before end: Event, id: () -> EventID) -> [Event] {
    var span = span
    var rest: [(key: SpanRedactor.Key, text: String, counts: RedactionCounts)] = []
    span.texts.finish(with: policy.set) { rest.append(($0, $1.string, $2)) }
    return rest.enumerated().map { place, held in
      var data: JSONObject = ["channel": .string(held.key.channel)]
      if held.key.choice != 0 { data["choice"] = .int(held.key.choice) }
      if let tool = held.key.tool { data["tool"] = ["index": .int(tool)] }
      data["text"] = .string(held.text)
      if !held.counts.isEmpty { data["redacted"] = found(held.counts) }
      var event = Event(
        id: id(), type: span.type, phase: .delta, time: end.time, context: end.context,
        index: span.isNumbered ? span.next &+ Int64(place) : nil, data: .object(data))
      event.tags = [:]
      event.source = nil
      event.provider = event.provider.map { clean($0) }
      event.model = event.model.map { clean($0) }
      return event
    }
  }
}

extension String {
  fileprivate var utf8Array: [UInt8] { Array(utf8) }
}

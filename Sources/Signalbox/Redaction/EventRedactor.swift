internal import Wire

/// Keeps of an application's events what a policy says. Texts that spans stream are redacted across their deltas: what
/// may be the beginning of something to redact comes with a later delta, and what is left with one before the end.
struct EventRedactor: Sendable {
  /// A text that a span streams.
  private struct Stream: Sendable {
    var channel: String
    var choice: Int64
    var tool: Int64?
    var redactor = StreamRedactor()
    /// The index of the delta in which the text that is held back began.
    var since: Int64 = 0
  }

  private struct Streams: Sendable {
    var type: EventType
    var next: Int64 = 0
    var isNumbered = false
    var streams: [Stream] = []
  }

  /// Spans whose streams are followed at once: another takes the place of any, whose held text is dropped. Streams of a
  /// span: the texts of others are redacted whole.
  private static let spanLimit = 4096
  private static let streamLimit = 64

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
        let from = event.data?["discard_from"]?.int ?? 0
        spans[span]?.streams.removeAll { $0.since >= from || $0.redactor.held == 0 }
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
    let channel = data["channel"]?.string ?? "text"
    let choice = data["choice"]?.int ?? 0
    let tool = data["tool"]?["index"]?.int
    if spans[span] == nil, spans.count >= Self.spanLimit, let other = spans.keys.first { spans[other] = nil }
    var streams = spans.removeValue(forKey: span) ?? Streams(type: event.type)
    defer { spans[span] = streams }
    if let index = event.index {
      // A piece whose neighbours are out already cannot be looked at in its place.
      guard index >= streams.next else { return text.isEmpty ? "" : Self.mark }
      streams.isNumbered = true
      streams.next = index + event.count
    }
    let known = streams.streams.firstIndex { $0.channel == channel && $0.choice == choice && $0.tool == tool }
    let place = known ?? streams.streams.count
    guard place < Self.streamLimit else { return text.isEmpty ? "" : Self.mark }
    if known == nil { streams.streams.append(Stream(channel: channel, choice: choice, tool: tool)) }
    var out = ByteWriter(capacity: text.utf8.count + 64)
    var text = text
    text.withUTF8 {
      streams.streams[place].redactor.feed(
        UnsafeRawBufferPointer($0), with: policy.set, into: &out, counts: &counts)
    }
    if streams.streams[place].redactor.held <= text.utf8.count {
      streams.streams[place].since = event.index ?? 0
    }
    return out.string
  }

  /// What was held back of a span, as deltas that follow its last.
  private mutating func held(of span: Streams, before end: Event, id: () -> EventID) -> [Event] {
    var next = span.next
    var events: [Event] = []
    for var stream in span.streams where stream.redactor.held > 0 {
      var out = ByteWriter()
      var counts = RedactionCounts()
      stream.redactor.feed(
        UnsafeRawBufferPointer(start: nil, count: 0), with: policy.set, isFinal: true, into: &out,
        counts: &counts)
      var data: JSONObject = ["channel": .string(stream.channel)]
      if stream.choice != 0 { data["choice"] = .int(stream.choice) }
      if let tool = stream.tool { data["tool"] = ["index": .int(tool)] }
      data["text"] = .string(out.string)
      if !counts.isEmpty { data["redacted"] = found(counts) }
      var event = Event(
        id: id(), type: span.type, phase: .delta, time: end.time, context: end.context,
        index: span.isNumbered ? next : nil, data: .object(data))
      event.tags = [:]
      event.source = nil
      event.provider = event.provider.map { clean($0) }
      event.model = event.model.map { clean($0) }
      events.append(event)
      next += 1
    }
    return events
  }
}

extension String {
  fileprivate var utf8Array: [UInt8] { Array(utf8) }
}

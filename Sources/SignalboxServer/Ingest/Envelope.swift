internal import JSONScan
internal import Wire

/// The members of one event as they came in, checked one by one.
struct Envelope {
  struct Problem {
    var field: String
    var message: String
  }

  private let document: JSONDocument
  /// Where the members are in the document, by field; 0 is absent. Places, for a view each would be 640 bytes.
  private var places = InlineArray<16, Int32>(repeating: 0)
  private var phase: Phase?
  private var time: (value: Timestamp, text: UnsafeRawBufferPointer)?
  private var index: Int64?
  private var count: Int64?
  private var seq: Int64?
  private var unknown: [(name: JSONValueView, value: JSONValueView)] = []

  init(of document: JSONDocument) { self.document = document }

  /// Reads and checks an object; nil means that it is a valid event.
  mutating func read(_ object: JSONValueView) -> Problem? {
    var problem: Problem?
    object.forEachMember { key, value in
      guard problem == nil else { return }
      problem = note(key, value)
    }
    return problem ?? checkTogether()
  }

  private mutating func note(_ key: JSONValueView, _ value: JSONValueView) -> Problem? {
    let name = key.bytes
    if value.isNull { return nil }  // Absent, said in another way.
    if let field = EventScanner.field(name) {
      guard self[field] == nil else { return Problem(field: "\(field.name)", message: "It is there twice") }
      places[Int(field.rawValue)] = Int32(value.index)
      return check(field, value)
    }
    if name.elementsEqual("phase") { return readPhase(value) }
    if name.elementsEqual("time") { return readTime(value) }
    if name.elementsEqual("index") { return Self.integer(value, "index", from: 0, into: &index) }
    if name.elementsEqual("count") { return Self.integer(value, "count", from: 1, into: &count) }
    if name.elementsEqual("seq") { return Self.integer(value, "seq", from: 0, into: &seq) }
    // Ours to say, so what a producer or a copy of a served event says is left out.
    if name.elementsEqual("received") || name.elementsEqual("position") || name.elementsEqual("late") {
      return nil
    }
    unknown.append((key, value))
    return nil
  }

  private subscript(field: EventField) -> JSONValueView? {
    let place = places[Int(field.rawValue)]
    return place == 0 ? nil : JSONValueView(document: document, index: Int(place))
  }

  // MARK: Checks

  private func check(_ field: EventField, _ value: JSONValueView) -> Problem? {
    // Only a problem needs the name as a String, which costs more than all of the check.
    var name: String { "\(field.name)" }
    switch field {
    case .type:
      guard value.kind == .string, !value.isEscaped, EventRules.isType(value.bytes) else {
        return Problem(
          field: name, message: "A type is a string of 1 to 128 of A-Z a-z 0-9 _ . : / -, such as llm.start")
      }
    case .id, .trace, .span, .parent, .session, .chain, .request, .producer:
      let isNumber = value.kind == .number && value.int != nil
      guard value.kind == .string || isNumber, !value.isEscaped, EventRules.isID(value.bytes) else {
        return Problem(field: name, message: "An id is a string of 1 to 64 of A-Z a-z 0-9 _ -")
      }
    case .identity:
      guard value.kind == .string, !value.isEscaped, EventRules.isIdentity(value.bytes) else {
        return Problem(
          field: name,
          message: "An identity is namespace.kind.name, such as clinic.chat.triage, of at most 192 bytes")
      }
    case .provider, .model, .schema:
      guard value.kind == .string, 1...EventRules.labelLength ~= value.bytes.count else {
        return Problem(field: name, message: "It must be a string of 1 to 256 bytes")
      }
    case .source: return checkSource(value)
    case .tags: return checkTags(value)
    case .data: break
    }
    return nil
  }

  private func checkSource(_ value: JSONValueView) -> Problem? {
    guard value.kind == .object else {
      return Problem(field: "source", message: "It must be an object {service, module, method}")
    }
    var problem: Problem?
    value.forEachMember { key, part in
      guard part.kind == .string, part.bytes.count <= EventRules.labelLength else {
        problem = Problem(
          field: "source.\(key.string ?? "")", message: "It must be a string of at most 256 bytes")
        return
      }
    }
    return problem
  }

  private func checkTags(_ value: JSONValueView) -> Problem? {
    guard value.kind == .object else {
      return Problem(field: "tags", message: "Tags are an object of strings, such as {\"user\": \"u1\"}")
    }
    var problem: Problem?
    var tags = 0
    value.forEachMember { key, tag in
      tags += 1
      if !(1...EventRules.tagKeyLength ~= key.bytes.count) {
        problem = Problem(field: "tags", message: "A tag's name has 1 to 64 bytes")
      } else if tag.kind != .string || tag.bytes.count > EventRules.tagValueLength {
        problem = Problem(
          field: "tags.\(key.string ?? "")", message: "A tag's value is a string of at most 256 bytes")
      }
    }
    if tags > EventRules.tagCount {
      problem = Problem(field: "tags", message: "\(tags) tags; at most \(EventRules.tagCount) are kept")
    }
    return problem
  }

  private mutating func readPhase(_ value: JSONValueView) -> Problem? {
    guard value.kind == .string, let read = Phase(value.bytes) else {
      return Problem(
        field: "phase", message: "It is one of start, delta, usage, progress, restart, end, error")
    }
    phase = read
    return nil
  }

  private mutating func readTime(_ value: JSONValueView) -> Problem? {
    guard value.kind == .string, !value.isEscaped, let read = Timestamp(rfc3339: value.bytes) else {
      return Problem(
        field: "time", message: "It must be RFC 3339 with a zone, such as 2026-11-21T04:57:55.4Z")
    }
    time = (read, value.bytes)
    return nil
  }

  private static func integer(
    _ value: JSONValueView, _ name: String, from lowest: Int64, into target: inout Int64?
  ) -> Problem? {
    guard let number = value.int, number >= lowest, number <= EventRules.largestInteger else {
      return Problem(field: name, message: "It must be an integer from \(lowest) to 2^53")
    }
    target = number
    return nil
  }

  private func checkTogether() -> Problem? {
    if self[.type] == nil {
      return Problem(field: "type", message: "It is missing; every event has one, such as my.event")
    }
    if self[.span] == nil, phase != nil || index != nil {
      return Problem(
        field: "span", message: "It is missing; an event with a phase or an index belongs to a span")
    }
    if seq != nil, self[.producer] == nil {
      return Problem(field: "producer", message: "It is missing; seq counts the events of a producer")
    }
    return nil
  }

  // MARK: Writing

  func write(
    to builder: inout EventBatchBuilder, received: Timestamp, ids: inout UUIDv7Generator
  ) {
    builder.begin()
    if let id = self[.id] {
      builder.string(.id, escaped: id.bytes)
    } else {
      builder.mintedID(ids.next(at: received))
    }
    string(.type, to: &builder)
    if let phase { builder.phase(phase) }
    if let time { builder.time(time.value, as: time.text) } else { builder.time(received) }
    builder.received(received)
    for field in [EventField.trace, .span, .parent, .session, .chain, .request] {
      string(field, to: &builder)
    }
    if let source = self[.source] { builder.json(.source, source.json) }
    for field in [EventField.identity, .provider, .model] { string(field, to: &builder) }
    if let index { builder.index(index) }
    if let count, count > 1 { builder.count(count) }
    string(.producer, to: &builder)
    if let seq { builder.seq(seq) }
    string(.schema, to: &builder)
    if let tags = self[.tags] { builder.json(.tags) { Self.writeTags(tags, to: &$0) } }
    if let data = self[.data] { builder.json(.data, data.json) }
    for (name, value) in unknown { builder.unknown(name: name.bytes, json: value.json) }
    builder.end()
  }

  /// Strings are compared by their bytes later, so what came with other escapes than ours is written anew.
  private func string(_ field: EventField, to builder: inout EventBatchBuilder) {
    guard let value = self[field] else { return }
    if value.isEscaped {
      builder.string(field, value.string ?? "")
    } else {
      builder.string(field, escaped: value.bytes)
    }
  }

  /// Without white space and in canonical escaping, so that filters can compare bytes.
  private static func writeTags(_ tags: JSONValueView, to writer: inout ByteWriter) {
    writer.append(UInt8(ascii: "{"))
    var first = true
    tags.forEachMember { key, value in
      if !first { writer.append(UInt8(ascii: ",")) }
      first = false
      writer.append(jsonString: key.string ?? "")
      writer.append(UInt8(ascii: ":"))
      writer.append(jsonString: value.string ?? "")
    }
    writer.append(UInt8(ascii: "}"))
  }
}

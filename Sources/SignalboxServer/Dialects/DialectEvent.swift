internal import JSONScan
internal import Signalbox
internal import Wire

/// A stored event as a translator looks at it; valid during the call that it is handed to.
struct DialectEvent {
  let slot: EventSlot
  /// The bytes of its batch.
  let bytes: UnsafeRawBufferPointer
  let position: Position
  let options: Dialect.Options
  let parser: JSONParser

  var type: UnsafeRawBufferPointer { bytes.field(.type, of: slot) }
  var showsContent: Bool { !options.contains(.withoutContent) }
  /// It stands at the root of its trace.
  var isRoot: Bool { !slot[.parent].isPresent }
  /// A second end of a span that had ended: it is stored, and no news.
  var isLateEnd: Bool { slot.late && slot.phase?.isTerminal == true }

  /// The event's data as far as the reader may see it, scanned; valid until the next call. Nil: there is none.
  func data() -> JSONValueView? {
    guard !showsContent else { return stored() }
    guard slot[.data].isPresent, let kept = EventMetadata.of(bytes.field(.data, of: slot)) else { return nil }
    var json = ByteWriter(capacity: 256)
    json.append(json: kept)
    return try? parser.scan(copying: json.raw).root
  }

  /// The event's data as it is stored, to see what is there; valid until the next call.
  func stored() -> JSONValueView? {
    guard slot[.data].isPresent else { return nil }
    return try? parser.scan(copying: bytes.field(.data, of: slot)).root
  }

  /// Writes the name that the event's data says, or that there is one.
  func append(name data: JSONValueView?, as member: StaticString, to json: inout ByteWriter) {
    guard showsContent else { return json.append(member: member, string: Self.redacted) }
    json.append(member: member, textOf: data?["name"])
  }

  /// What stands in the place of a text that the reader may not see.
  static let redacted = "__REDACTED__"
}

extension ByteWriter {
  /// Writes a member of an object, with a comma before it; a text in canonical escaping, such as an event's member.
  mutating func append(member name: StaticString, escaped text: UnsafeRawBufferPointer) {
    append(key: name)
    append(UInt8(ascii: "\""))
    append(text)
    append(UInt8(ascii: "\""))
  }

  mutating func append(member name: StaticString, string text: String) {
    append(key: name)
    append(jsonString: text)
  }

  /// A value as it stands in the event; null when it is absent.
  mutating func append(member name: StaticString, json value: JSONValueView?) {
    append(key: name)
    if let value { append(value.json) } else { append("null") }
  }

  mutating func append(member name: StaticString, integer value: Int64?) {
    append(key: name)
    if let value { append(decimal: value) } else { append("null") }
  }

  /// A text, or the JSON of what is no text.
  mutating func append(member name: StaticString, textOf value: JSONValueView?) {
    append(key: name)
    guard let value else { return append("\"\"") }
    if value.kind == .string { append(value.json) } else { append(jsonString: value.json) }
  }

  mutating func append(timestamp slot: EventSlot) {
    append(",\"timestamp\":\"")
    append(rfc3339: Timestamp(nanoseconds: slot.time))
    append("\"")
  }

  private mutating func append(key name: StaticString) {
    append(",\"")
    append(name)
    append("\":")
  }
}

package import Wire

extension Event {
  /// The event as canonical JSON text: known members in their fixed order, absent ones left out.
  public var json: String {
    var writer = ByteWriter(capacity: 512)
    write(to: &writer)
    return writer.string
  }

  /// Writes canonical JSON; `producer` and `seq` make a re-send recognisable.
  package func write(to writer: inout ByteWriter, producer: String? = nil, seq: Int64? = nil) {
    writer.append("{\"id\":")
    writer.append(jsonString: id)
    writer.member("type", type.name)
    writer.member("phase", phase?.rawValue)
    writer.append(",\"time\":\"")
    writer.append(rfc3339: Timestamp(nanoseconds: time))
    writer.append(UInt8(ascii: "\""))
    let fields = context.fields
    writer.write(fields)
    if let index { writer.member("index", index) }
    if count != 1 { writer.member("count", count) }
    writer.member("producer", producer)
    if let seq { writer.member("seq", seq) }
    if !fields.tags.isEmpty { writer.write(tags: fields.tags) }
    if let data {
      writer.key("data")
      writer.append(json: data)
    }
    writer.append(UInt8(ascii: "}"))
  }
}

extension ByteWriter {
  fileprivate mutating func write(_ fields: Context.Fields) {
    if let trace = fields.trace {
      append(",\"trace\":\"")
      append(trace)
      append(UInt8(ascii: "\""))
    }
    if let span = fields.span {
      append(",\"span\":\"")
      append(span)
      append(UInt8(ascii: "\""))
    }
    if let parent = fields.parent {
      append(",\"parent\":\"")
      append(parent)
      append(UInt8(ascii: "\""))
    }
    member("session", fields.session)
    member("chain", fields.chain)
    member("request", fields.request)
    if let source = fields.source { write(source) }
    member("identity", fields.identity?.description)
    member("provider", fields.provider)
    member("model", fields.model)
  }

  private mutating func write(_ source: Context.Source) {
    key("source")
    var opening = UInt8(ascii: "{")
    member("service", source.service, behind: &opening)
    member("module", source.module, behind: &opening)
    member("method", source.method, behind: &opening)
    if opening == UInt8(ascii: "{") { append(opening) }
    append(UInt8(ascii: "}"))
  }

  /// A member of an object, behind its bracket or a comma.
  private mutating func member(_ name: StaticString, _ text: String?, behind opening: inout UInt8) {
    guard let text else { return }
    append(opening)
    opening = UInt8(ascii: ",")
    append(UInt8(ascii: "\""))
    append(name)
    append("\":")
    append(jsonString: text)
  }

  /// Tags in the order of their keys, so that equal events are equal bytes.
  fileprivate mutating func write(tags: [String: String]) {
    key("tags")
    append(json: JSONObject(tags.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  fileprivate mutating func key(_ name: StaticString) {
    append(",\"")
    append(name)
    append("\":")
  }

  fileprivate mutating func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    key(name)
    append(jsonString: text)
  }

  fileprivate mutating func member(_ name: StaticString, _ number: Int64) {
    key(name)
    append(decimal: number)
  }
}

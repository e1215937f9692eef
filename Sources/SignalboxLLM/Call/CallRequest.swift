package import JSONScan
package import Wire

/// What the tap keeps of a request, and how it tells it.
package struct CallRequest: Sendable {
  /// Most bytes of `input`, and of `options`, in an event.
  package static let inputLimit = 256 << 10
  package static let optionsLimit = 32 << 10

  /// The client asked for a stream.
  package private(set) var isStream = false
  /// The client said itself whether it wants usage in the stream.
  package private(set) var choosesUsage = false
  /// The text of all messages: what an estimate of the input goes by.
  package private(set) var text = TextMeasure()

  package init() {}

  /// Reads a request, completes the model of the call, and writes the data of `llm.start`.
  package mutating func read(
    _ root: JSONValueView, format: ReplyFormat, endpoint: UnsafeRawBufferPointer, call: inout CallContext,
    to writer: inout ByteWriter
  ) {
    if let model = root["model"], let text = model.label { call.model = text }
    isStream = root["stream"]?.bool ?? false
    choosesUsage = root["stream_options"]?["include_usage"]?.bool != nil
    Self.open(format, endpoint: endpoint, stream: isStream, to: &writer)
    if let messages = root["messages"] {
      text = Self.text(of: messages)
      writer.append(",\"input\":")
      if BoundedJSON.append(messages, limit: Self.inputLimit, to: &writer) {
        writer.append(",\"input_bytes\":")
        writer.append(decimal: messages.json.count)
      }
    }
    appendTools(root, to: &writer)
    appendOptions(root, to: &writer)
    writer.append(UInt8(ascii: "}"))
  }

  /// Writes the data of `llm.start` for a request that could not be read.
  static func unread(
    _ format: ReplyFormat, endpoint: UnsafeRawBufferPointer, why: StaticString, to writer: inout ByteWriter
  ) {
    open(format, endpoint: endpoint, stream: nil, to: &writer)
    writer.append(",\"unread\":\"")
    writer.append(why)
    writer.append("\"}")
  }

  private static func open(
    _ format: ReplyFormat, endpoint: UnsafeRawBufferPointer, stream: Bool?, to writer: inout ByteWriter
  ) {
    writer.append("{\"operation\":\"")
    writer.append(format.operation)
    writer.append("\",\"endpoint\":")
    writer.append(jsonString: endpoint)
    guard let stream else { return }
    writer.append(",\"stream\":")
    writer.append(json: stream)
  }

  private func appendTools(_ root: JSONValueView, to writer: inout ByteWriter) {
    var isFirst = true
    func name(_ view: JSONValueView?) {
      guard let name = view?["name"], name.kind == .string else { return }
      writer.append(isFirst ? ",\"tools\":[" : ",")
      isFirst = false
      writer.append(name.json)
    }
    root["tools"]?.forEachElement { name($0["function"] ?? $0["custom"] ?? $0) }
    root["functions"]?.forEachElement { name($0) }
    if !isFirst { writer.append("]") }
  }

  private func appendOptions(_ root: JSONValueView, to writer: inout ByteWriter) {
    var isFirst = true
    var budget = Self.optionsLimit
    root.forEachMember { key, value in
      guard !Self.isTold(key.bytes), budget > 0 else { return }
      writer.append(isFirst ? ",\"options\":{" : ",")
      isFirst = false
      let start = writer.count
      writer.append(UInt8(ascii: "\""))
      writer.append(key.bytes)
      writer.append("\":")
      BoundedJSON.append(value, limit: budget, to: &writer)
      budget -= writer.count - start
    }
    if !isFirst { writer.append("}") }
  }

  /// Members that have a place of their own in the event.
  private static func isTold(_ key: UnsafeRawBufferPointer) -> Bool {
    key.elementsEqual("messages") || key.elementsEqual("model") || key.elementsEqual("stream")
      || key.elementsEqual("tools") || key.elementsEqual("functions")
  }

  /// Every `content` and `text` of the messages; what images and sound cost nobody can guess.
  private static func text(of messages: JSONValueView) -> TextMeasure {
    var sum = TextMeasure()
    messages.forEachElement { message in
      guard let content = message["content"] else { return }
      if let text = content.text { sum.add(text, escaped: true) }
      content.forEachElement { part in
        if let text = part["text"]?.text { sum.add(text, escaped: true) }
      }
    }
    return sum
  }
}

extension JSONValueView {
  /// A string that fits a label of the envelope (1 … 256 bytes), in canonical escaping; nil for anything else.
  var label: [UInt8]? {
    guard let text = nonEmptyText, text.count <= EventRules.labelLength else { return nil }
    guard isEscaped, let plain = string else { return Array(text) }
    var writer = ByteWriter(capacity: text.count + 2)
    writer.append(jsonString: plain)
    return Array(writer.raw.dropFirst().dropLast())
  }
}

package import JSONScan
package import Wire

/// What the tap keeps of a request, and how it tells it.
package struct CallRequest: Sendable {
  /// Most bytes of `input`, of `system`, and of `options`, in an event.
  package static let inputLimit = 256 << 10
  package static let systemLimit = 64 << 10
  package static let optionsLimit = 32 << 10

  /// The client asked for a stream.
  package private(set) var isStream = false
  /// The client said itself whether it wants usage in the stream.
  package private(set) var choosesUsage = false
  /// The text of all that the model is given: what an estimate of the input goes by.
  package private(set) var text = TextMeasure()

  package init() {}

  /// Reads a request, completes the model of the call, and writes the data of `llm.start`.
  package mutating func read(
    _ root: JSONValueView, format: ReplyFormat, endpoint: UnsafeRawBufferPointer, call: inout CallContext,
    to writer: inout ByteWriter
  ) {
    let shape = RequestShape(format)
    if let model = shape.model(root, endpoint: endpoint) { call.model = model }
    isStream = shape.isStream(root, endpoint: endpoint)
    choosesUsage = root["stream_options"]?["include_usage"]?.bool != nil
    Self.open(format, endpoint: endpoint, stream: isStream, to: &writer)
    text = TextMeasure()
    if let input = shape.input(of: root) {
      Self.measure(input, isText: true, into: &text)
      writer.append(",\"input\":")
      if BoundedJSON.append(input, limit: Self.inputLimit, to: &writer) {
        writer.append(",\"input_bytes\":")
        writer.append(decimal: input.json.count)
      }
    }
    if let system = shape.system(of: root) {
      Self.measure(system, isText: true, into: &text)
      writer.append(",\"system\":")
      BoundedJSON.append(system, limit: Self.systemLimit, to: &writer)
    }
    appendTools(root, shape, to: &writer)
    appendOptions(root, shape, to: &writer)
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

  private func appendTools(_ root: JSONValueView, _ shape: RequestShape, to writer: inout ByteWriter) {
    var isFirst = true
    shape.forEachTool(of: root) { name in
      writer.append(isFirst ? ",\"tools\":[" : ",")
      isFirst = false
      writer.append(name.json)
    }
    if !isFirst { writer.append("]") }
  }

  private func appendOptions(_ root: JSONValueView, _ shape: RequestShape, to writer: inout ByteWriter) {
    var isFirst = true
    var budget = Self.optionsLimit
    root.forEachMember { key, value in
      guard !shape.isTold(key.bytes), budget > 0 else { return }
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

  /// Adds a text, and everything in it that holds text; what images and sound cost nobody can guess.
  private static func measure(_ value: JSONValueView, isText: Bool, into sum: inout TextMeasure) {
    switch value.kind {
    case .string: if isText { sum.add(value.bytes, escaped: true) }
    case .array: value.forEachElement { measure($0, isText: isText, into: &sum) }
    case .object: value.forEachMember { measure($1, isText: holdsText($0.bytes), into: &sum) }
    default: break
    }
  }

  private static func holdsText(_ key: UnsafeRawBufferPointer) -> Bool {
    key.elementsEqual("content") || key.elementsEqual("text") || key.elementsEqual("thinking")
      || key.elementsEqual("arguments") || key.elementsEqual("output")
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

internal import JSONScan
internal import Wire

/// The frames that the socket of a session is told (`docs/sockets.md`):
///
/// ```
/// {"type":"tool_call","session_id","tool_call_id","tool_name","arguments":{},"timestamp"}
/// {"type":"tool_result","session_id","tool_call_id","tool_name","result":"…","duration_ms":50,"timestamp"}
/// {"type":"openai_call","session_id","model","prompt_tokens":null,…,"timestamp"}
/// {"type":"openai_response","session_id","model","prompt_tokens","completion_tokens","total_tokens","duration_ms",
///  "timestamp"}
/// {"type":"assistant","session_id","content","streaming":false}
/// {"type":"error","session_id","error":"…"}
/// ```
enum SessionFrames {
  /// Writes the frame of an event; false when it has none.
  static func write(_ event: DialectEvent, to json: inout ByteWriter) -> Bool {
    guard !event.isLateEnd, write(event.type, event, to: &json) else { return false }
    if event.options.contains(.positions) { json.append(position: event.position) }
    json.append("}")
    return true
  }

  private static func write(
    _ type: UnsafeRawBufferPointer, _ event: DialectEvent, to json: inout ByteWriter
  ) -> Bool {
    if type.elementsEqual("llm.delta") || type.elementsEqual("chat.delta") { return piece(event, to: &json) }
    if type.elementsEqual("tool.start") {
      toolCall(event, to: &json)
    } else if type.elementsEqual("tool.end") {
      toolResult(event, failed: false, to: &json)
    } else if type.elementsEqual("tool.error") {
      toolResult(event, failed: true, to: &json)
    } else if type.elementsEqual("llm.start") {
      modelCall(event, to: &json)
    } else if type.elementsEqual("llm.end") {
      modelResponse(event, failed: false, to: &json)
    } else if type.elementsEqual("llm.error") {
      modelResponse(event, failed: true, to: &json)
    } else if type.elementsEqual("llm.restart") {
      return restart(event, to: &json)
    } else {
      return conversation(type, event, to: &json)
    }
    json.append(timestamp: event.slot)
    return true
  }

  // MARK: Tools

  private static func toolCall(_ event: DialectEvent, to json: inout ByteWriter) {
    let data = event.data()
    begin("tool_call", event, to: &json)
    identify(data, event, to: &json)
    json.append(",\"arguments\":")
    arguments(data?["arguments"] ?? data?["input"], event, to: &json)
  }

  /// Always an object: a text that holds one is written as that, and anything else as its `value`.
  private static func arguments(_ value: JSONValueView?, _ event: DialectEvent, to json: inout ByteWriter) {
    guard event.showsContent, let value, value.kind != .null else { return json.append("{}") }
    if value.kind == .object { return json.append(value.json) }
    if value.kind == .string, let text = value.string {
      // The scan takes the place of the event's data, which was read to its end.
      if let inner = try? event.parser.scan(text).root, inner.kind == .object {
        return json.append(inner.json)
      }
      json.append("{\"value\":")
      json.append(jsonString: text)
    } else {
      json.append("{\"value\":")
      json.append(value.json)
    }
    json.append("}")
  }

  private static func toolResult(_ event: DialectEvent, failed: Bool, to json: inout ByteWriter) {
    let data = event.data()
    begin("tool_result", event, to: &json)
    identify(data, event, to: &json)
    if event.showsContent {
      json.append(
        member: "result", textOf: failed ? data?["message"] : data?["result"] ?? data?["output"])
    } else {
      json.append(member: "result", string: DialectEvent.redacted)
    }
    json.append(member: "duration_ms", integer: duration(data))
    if failed { json.append(",\"is_error\":true") }
  }

  /// The call's own id, the same in what begins and what ends it; a tool that has none is known by its span.
  private static func identify(_ data: JSONValueView?, _ event: DialectEvent, to json: inout ByteWriter) {
    if let id = data?["id"], id.kind == .string, !id.bytes.isEmpty {
      json.append(member: "tool_call_id", textOf: id)
    } else {
      json.append(member: "tool_call_id", escaped: event.bytes.field(.span, of: event.slot))
    }
    event.append(name: data, as: "tool_name", to: &json)
  }

  // MARK: Model calls

  private static func modelCall(_ event: DialectEvent, to json: inout ByteWriter) {
    begin("openai_call", event, to: &json)
    json.append(member: "model", escaped: event.bytes.field(.model, of: event.slot))
    json.append(
      ",\"prompt_tokens\":null,\"completion_tokens\":null,\"total_tokens\":null,\"duration_ms\":null")
  }

  private static func modelResponse(_ event: DialectEvent, failed: Bool, to json: inout ByteWriter) {
    let data = event.data()
    let usage = data?["usage"]
    begin("openai_response", event, to: &json)
    // The model that answered, where the provider named it; else the one that was asked for.
    if let model = data?["model"], model.kind == .string {
      json.append(member: "model", textOf: model)
    } else {
      json.append(member: "model", escaped: event.bytes.field(.model, of: event.slot))
    }
    let input = ["input", "cached_read", "cache_write"].compactMap { usage?[$0]?.int }
    let prompt = input.isEmpty ? nil : input.reduce(0, &+)
    let completion = usage?["output"]?.int
    let total = usage?["total"]?.int ?? (prompt.flatMap { prompt in completion.map { prompt &+ $0 } })
    json.append(member: "prompt_tokens", integer: prompt)
    json.append(member: "completion_tokens", integer: completion)
    json.append(member: "total_tokens", integer: total)
    json.append(member: "duration_ms", integer: duration(data))
    guard failed else { return }
    let message = event.showsContent ? data?["message"]?.string : DialectEvent.redacted
    json.append(member: "error", string: message ?? "The model's call failed")
  }

  private static func duration(_ data: JSONValueView?) -> Int64? {
    guard let value = data?["timing"]?["duration_ms"]?.double, 0..<1e15 ~= value else { return nil }
    return Int64(value.rounded())
  }

  // MARK: What is said

  /// A piece of an answer, for those who asked for pieces: of the handler's own, or of a model's call that is no
  /// part of anything else.
  private static func piece(_ event: DialectEvent, to json: inout ByteWriter) -> Bool {
    guard event.options.contains(.pieces), event.showsContent,
      event.isRoot || event.type.elementsEqual("chat.delta"), let data = event.data(),
      let text = data["text"],
      text.kind == .string, data["channel"].map({ $0.bytes.elementsEqual("text") }) ?? true,
      data["choice"].map({ $0.int == 0 }) ?? true
    else { return false }
    begin("assistant", event, to: &json)
    json.append(member: "content", textOf: text)
    json.append(",\"streaming\":true")
    json.append(member: "answer_id", escaped: event.bytes.field(.span, of: event.slot))
    return true
  }

  /// What came of an answer so far is void: the model's call is tried again.
  private static func restart(_ event: DialectEvent, to json: inout ByteWriter) -> Bool {
    guard event.options.contains(.pieces), event.isRoot else { return false }
    begin("assistant", event, to: &json)
    json.append(",\"content\":\"\",\"streaming\":true,\"restart\":true")
    json.append(member: "answer_id", escaped: event.bytes.field(.span, of: event.slot))
    return true
  }

  /// Whole answers and failures. An agent's are the session's when it stands at the root of its trace; within the
  /// answering of a message that says them itself.
  private static func conversation(
    _ type: UnsafeRawBufferPointer, _ event: DialectEvent, to json: inout ByteWriter
  ) -> Bool {
    if type.elementsEqual("chat.reply") {
      return answer(event, ["content", "text"], to: &json)
    } else if type.elementsEqual("chat.end") || (type.elementsEqual("agent.end") && event.isRoot) {
      return answer(event, ["output"], to: &json)
    } else if type.elementsEqual("chat.error") || (type.elementsEqual("agent.error") && event.isRoot) {
      begin("error", event, to: &json)
      let message = event.showsContent ? event.data()?["message"]?.string : DialectEvent.redacted
      json.append(member: "error", string: message ?? "The answer failed")
      return true
    } else if type.elementsEqual("chat.message"), event.options.contains(.positions) {
      guard event.showsContent, let content = event.data()?["content"] else { return false }
      begin("message", event, to: &json)
      json.append(member: "id", escaped: event.bytes.field(.id, of: event.slot))
      json.append(member: "content", textOf: content)
      return true
    }
    return false
  }

  private static func answer(
    _ event: DialectEvent, _ names: [StaticString], to json: inout ByteWriter
  ) -> Bool {
    // That something was said is told to everybody.
    let data = event.stored()
    guard let text = names.lazy.compactMap({ data?[$0] }).first, text.kind != .null else { return false }
    begin("assistant", event, to: &json)
    if event.showsContent {
      json.append(member: "content", textOf: text)
    } else {
      json.append(member: "content", string: DialectEvent.redacted)
    }
    json.append(",\"streaming\":false")
    if event.options.contains(.pieces), event.slot[.span].isPresent {
      json.append(member: "answer_id", escaped: event.bytes.field(.span, of: event.slot))
    }
    return true
  }

  private static func begin(_ type: StaticString, _ event: DialectEvent, to json: inout ByteWriter) {
    json.append("{\"type\":\"")
    json.append(type)
    json.append("\"")
    json.append(member: "session_id", escaped: event.bytes.field(.session, of: event.slot))
  }
}

import Wire

/// Replies of Bedrock Converse and ConverseStream; the members are those of the service's model.
enum ConverseFixtures {
  /// A frame as Bedrock sends it.
  static func frame(_ name: String, _ payload: String, kind: String) -> [UInt8] {
    frame(
      [(":\(kind)-type", name), (":content-type", "application/json"), (":message-type", kind)], payload)
  }

  static func frame(_ headers: [(name: String, value: String)], _ payload: String) -> [UInt8] {
    var writer = ByteWriter()
    Array(payload.utf8).withUnsafeBytes { writer.append(eventStream: $0, headers: headers) }
    return Array(writer.raw)
  }

  static func event(_ name: String, _ payload: String) -> [UInt8] { frame(name, payload, kind: "event") }

  static func delta(_ block: Int, _ delta: String, padding: String = "abcd") -> [UInt8] {
    event("contentBlockDelta", #"{"contentBlockIndex":\#(block),"delta":\#(delta),"p":"\#(padding)"}"#)
  }

  static func text(_ text: String, _ block: Int = 0, padding: String = "abcd") -> [UInt8] {
    delta(block, #"{"text":"\#(text)"}"#, padding: padding)
  }

  static func exception(_ name: String, _ payload: String = #"{"message":"No"}"#) -> [UInt8] {
    frame(name, payload, kind: "exception")
  }

  static let start = event("messageStart", #"{"p":"abcdefgh","role":"assistant"}"#)

  static func stop(_ reason: String) -> [UInt8] {
    event("messageStop", #"{"p":"ab","stopReason":"\#(reason)"}"#)
  }

  static let metadata = event(
    "metadata",
    #"{"metrics":{"latencyMs":731},"p":"abc","serviceTier":{"type":"default"},"usage":{"cacheDetails":[{"inputTokens":20,"ttl":"1h"},{"inputTokens":10,"ttl":"5m"}],"cacheReadInputTokens":100,"cacheWriteInputTokens":30,"inputTokens":12,"outputTokens":42,"totalTokens":184}}"#
  )

  static func stream(_ events: [[UInt8]], _ reason: String = "end_turn") -> [UInt8] {
    start + events.flatMap { $0 } + stop(reason) + metadata
  }

  static let plainText = stream([
    text(#"Gr\u00fc"#), text(#"ße 😀\n"#, padding: "abcdefghijkl"), text("wieder", padding: ""),
    event("contentBlockStop", #"{"contentBlockIndex":0,"p":"a"}"#),
  ])

  static let tools = stream(
    [
      delta(0, #"{"reasoningContent":{"text":"Hm."}}"#),
      delta(0, #"{"reasoningContent":{"signature":"Sig"}}"#),
      delta(1, #"{"reasoningContent":{"redactedContent":"EmwK"}}"#), text("Let me look.", 2),
      event(
        "contentBlockStart",
        #"{"contentBlockIndex":3,"p":"abc","start":{"toolUse":{"name":"weather","toolUseId":"tooluse_1"}}}"#),
      delta(3, #"{"toolUse":{"input":""}}"#), delta(3, #"{"toolUse":{"input":"{\"city\":"}}"#),
      delta(3, #"{"toolUse":{"input":"\"Wien\"}"}}"#),
      event(
        "contentBlockStart",
        #"{"contentBlockIndex":4,"p":"abc","start":{"toolUse":{"name":"search","toolUseId":"tooluse_2","type":"server_tool_use"}}}"#
      ),
      delta(4, #"{"toolUse":{"input":"{}"}}"#),
      event(
        "contentBlockStart",
        #"{"contentBlockIndex":5,"start":{"toolResult":{"status":"success","toolUseId":"tooluse_2"}}}"#),
      delta(6, #"{"citation":{"location":{"web":{"url":"https://a.example"}},"title":"A"}}"#),
    ], "tool_use")

  static let broken = start + text("I thi") + exception("modelStreamErrorException")

  static let whole = Array(
    #"{"metrics":{"latencyMs":731},"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"signature":"Sig","text":"Hm."}}},{"reasoningContent":{"redactedContent":"EmwK"}},{"text":"Hi"},{"citationsContent":{"citations":[{"title":"A"}],"content":[{"text":" there"}]}},{"toolUse":{"input":{"city": "Wien"},"name":"weather","toolUseId":"tooluse_1"}},{"image":{"format":"png","source":{"bytes":"iVBO"}}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":12,"outputTokens":42,"totalTokens":54}}"#
      .utf8)

  static let all = [plainText, tools, broken, whole]
}

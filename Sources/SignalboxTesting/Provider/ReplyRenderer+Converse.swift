import Signalbox
import SignalboxLLM

/// Amazon Bedrock Converse and ConverseStream.
extension ReplyRenderer {
  func converseStream() -> [[UInt8]] {
    var frames = [frame("messageStart", "{\"role\":\"assistant\"}")]
    var place = 0
    func add(start: String?, _ deltas: [String]) {
      if let start {
        frames.append(frame("contentBlockStart", "{\"contentBlockIndex\":\(place),\"start\":\(start)}"))
      }
      for delta in deltas {
        frames.append(frame("contentBlockDelta", "{\"contentBlockIndex\":\(place),\"delta\":\(delta)}"))
      }
      frames.append(frame("contentBlockStop", "{\"contentBlockIndex\":\(place)}"))
      place += 1
    }
    if !script.reasoning.isEmpty {
      add(
        start: nil,
        script.pieces(script.reasoning).map { "{\"reasoningContent\":{\"text\":\(quoted($0))}}" })
    }
    if !script.text.isEmpty { add(start: nil, script.pieces(script.text).map { "{\"text\":\(quoted($0))}" }) }
    if let message = script.errorInStream {
      frames.append(
        EventStreamFrame.encode(
          [(":message-type", "exception"), (":exception-type", "modelStreamErrorException")],
          payload: Array("{\"message\":\(quoted(message))}".utf8)))
      return frames
    }
    for call in script.toolCalls {
      add(
        start: "{\"toolUse\":{\"toolUseId\":\(quoted(call.id)),\"name\":\(quoted(call.name))}}",
        script.pieces(call.arguments).map { "{\"toolUse\":{\"input\":\(quoted($0))}}" })
    }
    frames.append(
      frame("messageStop", "{\"stopReason\":\(quoted(finishReason("end_turn", tools: "tool_use")))}"))
    if let usage = script.usage {
      frames.append(frame("metadata", "{\"usage\":\(bedrock(usage)),\"metrics\":{\"latencyMs\":1}}"))
    }
    return frames
  }

  func wholeConverse() -> String {
    var content: [String] = []
    if !script.reasoning.isEmpty {
      content.append("{\"reasoningContent\":{\"reasoningText\":{\"text\":\(quoted(script.reasoning))}}}")
    }
    if !script.text.isEmpty { content.append("{\"text\":\(quoted(script.text))}") }
    content += script.toolCalls.map { call in
      "{\"toolUse\":{\"toolUseId\":\(quoted(call.id)),\"name\":\(quoted(call.name)),\"input\":\(call.arguments)}}"
    }
    return
      "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[\(content.joined(separator: ","))]}}"
      + ",\"stopReason\":\(quoted(finishReason("end_turn", tools: "tool_use")))"
      + "\(script.usage.map { ",\"usage\":\(bedrock($0))" } ?? ""),\"metrics\":{\"latencyMs\":1}}"
  }

  private func bedrock(_ usage: TokenUsage) -> String {
    "{\"inputTokens\":\(usage.input ?? 0),\"outputTokens\":\(usage.completionTokens)"
      + ",\"cacheReadInputTokens\":\(usage.cachedRead ?? 0),\"cacheWriteInputTokens\":\(usage.cacheWrite ?? 0)"
      + ",\"totalTokens\":\(usage.total)}"
  }

  private func frame(_ type: String, _ payload: String) -> [UInt8] {
    EventStreamFrame.encode(
      [(":message-type", "event"), (":event-type", type), (":content-type", "application/json")],
      payload: Array(payload.utf8))
  }
}

/// A frame of `application/vnd.amazon.eventstream`, big-endian: lengths, CRC-32 of them, headers, payload, CRC-32
/// of all.
enum EventStreamFrame {
  static func encode(_ headers: [(name: String, value: String)], payload: [UInt8]) -> [UInt8] {
    var fields: [UInt8] = []
    for (name, value) in headers {
      fields.append(UInt8(name.utf8.count))
      fields += name.utf8
      fields.append(7)  // a string
      fields += bytes(UInt16(value.utf8.count))
      fields += value.utf8
    }
    var frame = bytes(UInt32(12 + fields.count + payload.count + 4)) + bytes(UInt32(fields.count))
    frame += bytes(crc32(frame))
    frame += fields + payload
    return frame + bytes(crc32(frame))
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian, Array.init)
  }

  /// The CRC of IEEE 802.3, bit by bit: frames of tests are small.
  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~crc
  }
}

internal import JSONScan
internal import Signalbox
internal import Wire

/// Reads the payloads of one reply of Anthropic Messages, streamed or whole.
///
/// Format: the API's reference and the types of the official SDK. The names of events stand in the payloads too, so
/// a server that leaves out either is understood.
struct MessagesReader {
  private var calls = BlockCalls()
  /// What was told so far; later numbers replace earlier ones.
  private var usage = TokenUsage(provenance: .providerPartial)

  mutating func read(_ root: JSONValueView, event: UnsafeRawBufferPointer, into part: inout ReplyPart) {
    part.clear()
    let type = root["type"]?.text ?? event
    if type.elementsEqual("content_block_delta") {
      readDelta(root, into: &part)
    } else if type.elementsEqual("content_block_start") {
      if let block = root["content_block"] {
        readBlock(block, number: root["index"]?.int, isWhole: false, into: &part)
        // The block alone would not say where it belongs.
        part.isOpaque = !part.opaques.isEmpty
        part.opaques.removeAll(keepingCapacity: true)
      }
    } else if type.elementsEqual("message_start") {
      if let message = root["message"] { readHead(message, countsOutput: false, into: &part) }
    } else if type.elementsEqual("message_delta") {
      if let delta = root["delta"] { readStop(delta, into: &part) }
      take(usage: root["usage"], countsOutput: true, into: &part)
    } else if type.elementsEqual("message_stop") {
      part.isEnd = true
    } else if type.elementsEqual("message") || type.isEmpty && root["content"]?.kind == .array {
      readWhole(root, into: &part)
    } else if type.elementsEqual("error") || root["error"] != nil {
      part.failure = ReplyPart.Failure(anthropic: root)
    } else {
      part.isOpaque = !type.elementsEqual("ping") && !type.elementsEqual("content_block_stop")
    }
  }

  // MARK: Events

  private mutating func readDelta(_ root: JSONValueView, into part: inout ReplyPart) {
    guard let delta = root["delta"], let type = delta["type"]?.text else {
      part.isOpaque = true
      return
    }
    part.choices.append(0)
    if type.elementsEqual("text_delta") {
      part.append(.text, delta["text"])
    } else if type.elementsEqual("input_json_delta") {
      guard let text = delta["partial_json"]?.nonEmptyText else { return }
      part.append(arguments: text, of: calls.call(block: root["index"]?.int))
    } else if type.elementsEqual("thinking_delta") {
      part.append(.reasoning, delta["thinking"])
    } else if type.elementsEqual("signature_delta") {
      part.append(.signature, delta["signature"])
    } else if type.elementsEqual("citations_delta") {
      if let citation = delta["citation"] { part.annotations.append(.init(choice: 0, value: citation)) }
    } else {
      part.isOpaque = true
    }
  }

  /// A block as it begins in a stream, mostly empty, or as it stands in a whole reply.
  private mutating func readBlock(
    _ block: JSONValueView, number: Int64?, isWhole: Bool, into part: inout ReplyPart
  ) {
    let type = block["type"]?.text
    if type?.elementsEqual("text") ?? false {
      part.append(.text, block["text"])
      block["citations"]?.forEachElement { part.annotations.append(.init(choice: 0, value: $0)) }
    } else if type?.elementsEqual("thinking") ?? false {
      part.append(.reasoning, block["thinking"])
      part.append(.signature, block["signature"])
    } else if type?.elementsEqual("redacted_thinking") ?? false {
      part.pieces.append(ReplyPiece(channel: .signature, text: block.json, isValue: true))
    } else if let type, type.hasSuffix("tool_use") {
      // `server_tool_use` and `mcp_tool_use` run where the model does.
      let call = calls.open(block: number, runsAtProvider: !type.elementsEqual("tool_use"))
      let input = block["input"].flatMap { isWhole || !$0.isEmpty ? $0 : nil }
      part.append(call: call, id: block["id"], name: block["name"], arguments: input)
    } else {
      // The results of the provider's own tools among them.
      part.opaques.append(block)
    }
  }

  private mutating func readHead(
    _ message: JSONValueView, countsOutput: Bool, into part: inout ReplyPart
  ) {
    part.choices.append(0)
    part.id = message["id"]?.text
    part.model = message["model"]?.text
    part.serviceTier = message["usage"]?["service_tier"]?.text
    take(usage: message["usage"], countsOutput: countsOutput, into: &part)
  }

  /// Why the message stopped; for a refusal that may be in words.
  private func readStop(_ delta: JSONValueView, into part: inout ReplyPart) {
    part.append(.refusal, delta["stop_details"]?["explanation"])
    if let reason = delta["stop_reason"]?.nonEmptyText {
      part.finishes.append(.init(choice: 0, reason: reason))
    }
  }

  private mutating func readWhole(_ root: JSONValueView, into part: inout ReplyPart) {
    readHead(root, countsOutput: true, into: &part)
    var number: Int64 = 0
    root["content"]?.forEachElement {
      readBlock($0, number: number, isWhole: true, into: &part)
      number += 1
    }
    readStop(root, into: &part)
    part.isEnd = true
  }

  private mutating func take(usage value: JSONValueView?, countsOutput: Bool, into part: inout ReplyPart) {
    guard let value, value.kind == .object else { return }
    usage.take(anthropic: value, countsOutput: countsOutput)
    part.usage = usage
    part.rawUsage = value.json
  }
}

internal import JSONScan
internal import Signalbox
internal import Wire

/// Reads the payloads of one reply of Amazon Bedrock's Converse (whole) or ConverseStream.
///
/// Format: the model of the service `bedrock-runtime`. The frame's header names the event; `p` in a payload is
/// padding. `metadata` comes last, behind `messageStop`.
struct ConverseReader {
  private var calls = BlockCalls()

  mutating func read(_ root: JSONValueView, event: UnsafeRawBufferPointer, into part: inout ReplyPart) {
    part.clear()
    if event.elementsEqual("contentBlockDelta") {
      readDelta(root, into: &part)
    } else if event.elementsEqual("contentBlockStart") {
      readStart(root, into: &part)
    } else if event.elementsEqual("messageStart") {
      part.choices.append(0)
    } else if event.elementsEqual("messageStop") {
      readStop(root, into: &part)
    } else if event.elementsEqual("metadata") {
      readMetadata(root, into: &part)
      part.isEnd = true
    } else if event.isEmpty {
      readWhole(root, into: &part)
    } else if event.hasSuffix("Exception") {
      part.failure = ReplyPart.Failure(converse: root, name: event)
    } else {
      part.isOpaque = !event.elementsEqual("contentBlockStop")
    }
  }

  // MARK: Events

  private mutating func readDelta(_ root: JSONValueView, into part: inout ReplyPart) {
    let delta = root["delta"]
    part.choices.append(0)
    if let text = delta?["text"] {
      part.append(.text, text)
    } else if let input = delta?["toolUse"]?["input"] {
      guard let text = input.nonEmptyText else { return }
      part.append(arguments: text, of: calls.call(block: root["contentBlockIndex"]?.int))
    } else if let reasoning = delta?["reasoningContent"] {
      part.append(.reasoning, reasoning["text"])
      part.append(.signature, reasoning["signature"])
      appendRedacted(reasoning, into: &part)
    } else if let citation = delta?["citation"] {
      part.annotations.append(.init(choice: 0, value: citation))
    } else {
      // Images, and the results of Amazon's own tools.
      part.isOpaque = true
    }
  }

  private mutating func readStart(_ root: JSONValueView, into part: inout ReplyPart) {
    part.choices.append(0)
    guard let tool = root["start"]?["toolUse"] else {
      part.isOpaque = root["start"].map { !$0.isEmpty } ?? false
      return
    }
    let call = calls.open(block: root["contentBlockIndex"]?.int, runsAtProvider: runsAtProvider(tool))
    part.append(call: call, id: tool["toolUseId"], name: tool["name"], arguments: nil)
  }

  private func readStop(_ root: JSONValueView, into part: inout ReplyPart) {
    guard let reason = root["stopReason"]?.nonEmptyText else { return }
    part.finishes.append(.init(choice: 0, reason: reason))
  }

  private func readMetadata(_ root: JSONValueView, into part: inout ReplyPart) {
    part.serviceTier = root["serviceTier"]?["type"]?.text
    part.model = root["trace"]?["promptRouter"]?["invokedModelId"]?.text
    guard let usage = root["usage"], usage.kind == .object else { return }
    part.usage = TokenUsage(converse: usage)
    part.rawUsage = usage.json
  }

  // MARK: Whole replies

  private mutating func readWhole(_ root: JSONValueView, into part: inout ReplyPart) {
    guard let message = root["output"]?["message"] else {
      if root["message"]?.kind == .string || root["Message"]?.kind == .string {
        part.failure = ReplyPart.Failure(converse: root, name: Self.shapeName(root["__type"]?.text))
      } else {
        part.isOpaque = true
      }
      return
    }
    part.choices.append(0)
    message["content"]?.forEachElement { readBlock($0, into: &part) }
    readStop(root, into: &part)
    readMetadata(root, into: &part)
    part.isEnd = true
  }

  private mutating func readBlock(_ block: JSONValueView, into part: inout ReplyPart) {
    if let text = block["text"] {
      part.append(.text, text)
    } else if let tool = block["toolUse"] {
      let call = calls.open(block: nil, runsAtProvider: runsAtProvider(tool))
      part.append(call: call, id: tool["toolUseId"], name: tool["name"], arguments: tool["input"])
    } else if let reasoning = block["reasoningContent"] {
      part.append(.reasoning, reasoning["reasoningText"]?["text"])
      part.append(.signature, reasoning["reasoningText"]?["signature"])
      appendRedacted(reasoning, into: &part)
    } else if let cited = block["citationsContent"] {
      cited["content"]?.forEachElement { part.append(.text, $0["text"]) }
      cited["citations"]?.forEachElement { part.annotations.append(.init(choice: 0, value: $0)) }
    } else {
      part.opaques.append(block)
    }
  }

  /// Reasoning that is kept from us and wanted back as it is.
  private func appendRedacted(_ reasoning: JSONValueView, into part: inout ReplyPart) {
    guard reasoning["redactedContent"] != nil else { return }
    part.pieces.append(ReplyPiece(channel: .signature, text: reasoning.json, isValue: true))
  }

  private func runsAtProvider(_ tool: JSONValueView) -> Bool {
    tool["type"]?.text?.elementsEqual("server_tool_use") ?? false
  }

  /// What stands behind the `#` of a shape's full name.
  private static func shapeName(_ name: UnsafeRawBufferPointer?) -> UnsafeRawBufferPointer? {
    guard let name, let hash = name.lastIndex(of: UInt8(ascii: "#")) else { return name }
    return UnsafeRawBufferPointer(rebasing: name[(hash + 1)...])
  }
}

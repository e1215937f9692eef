package import JSONScan
internal import Signalbox
internal import Wire

/// Reads the payloads of one OpenAI-style chat completion, streamed or plain, as OpenAI, Azure and compatible
/// servers send them; the older completions differ in that a choice has a `text`, and are read here as well.
///
/// Format: the API references of OpenAI Chat Completions and Completions, and what servers were seen to make of
/// them.
package struct ChatReader {
  private var calls = ToolCallSlots()

  package init() {}

  /// Reads one payload into `chunk`, in place of what was there.
  package mutating func read(_ root: JSONValueView, into chunk: inout ReplyPart) {
    chunk.clear()
    if root.kind == .array, let first = root[0], first["error"] != nil { return read(first, into: &chunk) }
    guard root.kind == .object else {
      chunk.isOpaque = true
      return
    }
    var isKnown = false
    var choices: JSONValueView?
    var tier: JSONValueView?
    root.forEachMember { key, value in
      switch key.bytes.count {
      case 2 where key.bytes.elementsEqual("id"): chunk.id = value.text
      case 5 where key.bytes.elementsEqual("model"): chunk.model = value.text
      case 5 where key.bytes.elementsEqual("usage"):
        isKnown = true
        chunk.take(usage: value)
      case 5 where key.bytes.elementsEqual("error") && !value.isNull:
        isKnown = true
        chunk.failure = .init(value)
      case 6 where key.bytes.elementsEqual("object"):
        if value.bytes.elementsEqual("error") {
          isKnown = true
          chunk.failure = .init(root)
        }
      case 6 where key.bytes.elementsEqual("x_groq"):
        if let usage = value["usage"] { chunk.take(usage: usage) }
      case 7 where key.bytes.elementsEqual("choices"):
        isKnown = true
        choices = value
      case 12 where key.bytes.elementsEqual("service_tier"): tier = value
      default: break
      }
    }
    chunk.serviceTier = tier?.text
    chunk.isOpaque = !isKnown
    var position = 0
    choices?.forEachElement { choice in
      read(choice: choice, position: position, into: &chunk)
      position += 1
    }
  }

  private mutating func read(choice: JSONValueView, position: Int, into chunk: inout ReplyPart) {
    guard choice.kind == .object else { return }
    let index = chunk.see(choice: choice["index"], position: position)
    if let usage = choice["usage"] { chunk.take(usage: usage) }
    if let delta = choice["delta"], !delta.isNull {
      read(message: delta, choice: index, isWhole: false, into: &chunk)
    } else if let message = choice["message"] {
      read(message: message, choice: index, isWhole: true, into: &chunk)
    } else if let text = choice["text"]?.nonEmptyText {
      chunk.pieces.append(ReplyPiece(channel: .text, choice: index, text: text))
    }
    if let reason = choice["finish_reason"]?.text, !reason.isEmpty {
      chunk.finishes.append(.init(choice: index, reason: reason))
    }
  }

  private mutating func read(message: JSONValueView, choice: Int, isWhole: Bool, into chunk: inout ReplyPart)
  {
    let reasoning = message["reasoning_content"]?.nonEmptyText ?? message["reasoning"]?.nonEmptyText
    if let reasoning { chunk.pieces.append(ReplyPiece(channel: .reasoning, choice: choice, text: reasoning)) }
    if let content = message["content"] { read(content: content, choice: choice, into: &chunk) }
    if let refusal = message["refusal"]?.nonEmptyText {
      chunk.pieces.append(ReplyPiece(channel: .refusal, choice: choice, text: refusal))
    }
    if let spoken = message["audio"]?["transcript"]?.nonEmptyText {
      chunk.pieces.append(ReplyPiece(channel: .text, choice: choice, text: spoken))
    }
    message["annotations"]?.forEachElement { chunk.annotations.append(.init(choice: choice, value: $0)) }
    message["tool_calls"]?.forEachElement { call in
      guard call.kind == .object else { return }
      let id = call["id"]?.nonEmptyText
      let index = call["index"]?.int
      let place =
        isWhole
        ? calls.open(choice: choice, index: index, id: id) : calls.place(choice: choice, index: index, id: id)
      read(function: call["function"] ?? call["custom"], choice: choice, tool: place, id: id, into: &chunk)
    }
    // The form that tool calls had before there could be several.
    if let function = message["function_call"], function.kind == .object {
      let place = calls.place(choice: choice, index: 0, id: nil)
      read(function: function, choice: choice, tool: place, id: nil, into: &chunk)
    }
  }

  /// A string, or parts as some servers send them: `[{"type": "text", "text"}, {"type": "thinking", …}]`.
  private func read(content: JSONValueView, choice: Int, into chunk: inout ReplyPart) {
    if let text = content.nonEmptyText {
      return chunk.pieces.append(ReplyPiece(channel: .text, choice: choice, text: text))
    }
    content.forEachElement { part in
      if let text = part["text"]?.nonEmptyText {
        chunk.pieces.append(ReplyPiece(channel: .text, choice: choice, text: text))
      }
      part["thinking"]?.forEachElement { thought in
        guard let text = thought["text"]?.nonEmptyText else { return }
        chunk.pieces.append(ReplyPiece(channel: .reasoning, choice: choice, text: text))
      }
    }
  }

  private func read(
    function: JSONValueView?, choice: Int, tool: Int, id: UnsafeRawBufferPointer?, into chunk: inout ReplyPart
  ) {
    let arguments = function?["arguments"] ?? function?["input"]
    var piece = ReplyPiece(
      channel: .toolArguments, choice: choice, tool: tool, toolID: id,
      toolName: function?["name"]?.nonEmptyText,
      text: UnsafeRawBufferPointer(start: nil, count: 0))
    if let arguments, !arguments.isNull {
      piece.text = arguments.bytes
      piece.isValue = arguments.kind != .string
    }
    if !piece.text.isEmpty || piece.toolID != nil || piece.toolName != nil { chunk.pieces.append(piece) }
  }
}

extension ReplyPart {
  mutating func take(usage value: JSONValueView) {
    guard value.kind == .object else { return }
    usage = TokenUsage(openAI: value)
    rawUsage = value.json
  }

  /// Choices beyond this are not told apart.
  private static let choiceLimit = 1024

  /// Notes that a choice is mentioned: by its number where it has one, else by its position. Returns its place.
  mutating func see(choice number: JSONValueView?, position: Int) -> Int {
    let number = number?.int.flatMap { Int(exactly: $0) } ?? position
    let choice = min(max(number, 0), Self.choiceLimit - 1)
    choices.append(choice)
    return choice
  }
}

extension ReplyPart.Failure {
  /// Reads `{message, type, code}`, Google's `{message, status, code}`, a bare string, or what web frameworks say
  /// (`{"detail": …}`).
  package init(_ value: JSONValueView) {
    guard value.kind == .object else {
      message = value.text
      return
    }
    message = value["message"]?.text ?? value["detail"]?.text ?? value["error"]?.text
    let code = value["code"].flatMap { $0.isNull ? nil : $0 }
    self.code = code?.nonEmptyText ?? value["type"]?.nonEmptyText ?? value["status"]?.nonEmptyText
    if code?.kind == .number, let number = code?.int, 100...599 ~= number {
      status = Int(number)
      self.code = self.code ?? code?.bytes
    }
  }
}

extension JSONValueView {
  /// The bytes between a string's quotes; nil for any other kind.
  var text: UnsafeRawBufferPointer? { kind == .string ? bytes : nil }

  var nonEmptyText: UnsafeRawBufferPointer? { kind == .string && !bytes.isEmpty ? bytes : nil }
}

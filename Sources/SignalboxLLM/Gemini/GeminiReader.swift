package import JSONScan
internal import Signalbox
internal import Wire

/// Reads the payloads of one reply of Gemini: `GenerateContentResponse`, streamed or plain, from the Gemini API or
/// Vertex AI.
///
/// A stream has no event that ends it: it is whole once every candidate has its reason to finish.
///
/// Format: the API reference of generateContent and the types of the official SDK.
package struct GeminiReader {
  private var calls = ToolCallSlots()

  package init() {}

  /// Reads one payload into `part`, in place of what was there.
  package mutating func read(_ root: JSONValueView, into part: inout ReplyPart) {
    part.clear()
    // Errors come as an array of one, too; Google's Code Assist wraps its answers.
    var root = root[0] ?? root
    if let inner = root["response"], inner.kind == .object { root = inner }
    var candidates: JSONValueView?
    var feedback: JSONValueView?
    var isKnown = false
    root.forEachMember { key, value in
      switch key.bytes.count {
      case 5 where key.bytes.elementsEqual("error") && !value.isNull:
        isKnown = true
        part.failure = .init(value)
      case 10 where key.bytes.elementsEqual("candidates"):
        isKnown = true
        candidates = value
      case 10 where key.bytes.elementsEqual("responseId"): part.id = value.text
      case 12 where key.bytes.elementsEqual("modelVersion"): part.model = value.text
      case 13 where key.bytes.elementsEqual("usageMetadata") && value.kind == .object:
        isKnown = true
        part.usage = TokenUsage(gemini: value)
        part.rawUsage = value.json
      case 14 where key.bytes.elementsEqual("promptFeedback"):
        isKnown = true
        feedback = value
      default: break
      }
    }
    part.isOpaque = !isKnown
    var position = 0
    candidates?.forEachElement { candidate in
      read(candidate: candidate, position: position, into: &part)
      position += 1
    }
    if let feedback { read(feedback: feedback, into: &part) }
  }

  /// The prompt was blocked: there is no candidate, and why is the reason to finish.
  private func read(feedback: JSONValueView, into part: inout ReplyPart) {
    guard let reason = feedback["blockReason"]?.nonEmptyText else { return }
    part.choices.append(0)
    part.finishes.append(.init(choice: 0, reason: reason))
    if let message = feedback["blockReasonMessage"]?.nonEmptyText {
      part.pieces.append(ReplyPiece(channel: .refusal, text: message))
    }
  }

  private mutating func read(candidate: JSONValueView, position: Int, into part: inout ReplyPart) {
    guard candidate.kind == .object else { return }
    let choice = part.see(choice: candidate["index"], position: position)
    candidate["content"]?["parts"]?.forEachElement { read(part: $0, choice: choice, into: &part) }
    if let reason = candidate["finishReason"]?.nonEmptyText,
      !reason.elementsEqual("FINISH_REASON_UNSPECIFIED")
    {
      part.finishes.append(.init(choice: choice, reason: reason))
    }
    let citations = candidate["citationMetadata"]
    (citations?["citationSources"] ?? citations?["citations"])?.forEachElement { value in
      part.annotations.append(.init(choice: choice, value: value))
    }
    // Its sources and the places that they support refer to each other: it stays in one piece.
    if let grounding = candidate["groundingMetadata"], !grounding.isEmpty {
      part.annotations.append(.init(choice: choice, value: grounding))
    }
  }

  private mutating func read(part content: JSONValueView, choice: Int, into part: inout ReplyPart) {
    let text = content["text"]
    let signature = content["thoughtSignature"]?.nonEmptyText
    var tool = -1
    if let text {
      let channel: ReplyChannel = content["thought"]?.bool == true ? .reasoning : .text
      if let text = text.nonEmptyText {
        part.pieces.append(ReplyPiece(channel: channel, choice: choice, text: text))
      }
    } else if let call = content["functionCall"], call.kind == .object {
      tool = read(call: call, choice: choice, into: &part)
    } else if signature == nil, !content.isEmpty {
      // Images and files, code that ran at Google's and what came of it.
      part.opaques.append(content)
    }
    if let signature {
      part.pieces.append(ReplyPiece(channel: .signature, choice: choice, tool: tool, text: signature))
    }
  }

  /// A call is sent whole, arguments and all. Vertex AI can send the arguments in pieces of another form, which
  /// are kept as they are.
  private mutating func read(call: JSONValueView, choice: Int, into part: inout ReplyPart) -> Int {
    if call["partialArgs"] != nil { part.opaques.append(call) }
    let name = call["name"]?.nonEmptyText
    guard name != nil else { return calls.place(choice: choice, index: nil, id: nil) }
    let id = call["id"]?.nonEmptyText
    let tool = calls.open(choice: choice, index: nil, id: id)
    var piece = ReplyPiece(
      channel: .toolArguments, choice: choice, tool: tool, toolID: id, toolName: name,
      text: UnsafeRawBufferPointer(start: nil, count: 0))
    if let arguments = call["args"], arguments.kind == .object {
      piece.text = arguments.bytes
      piece.isValue = true
    }
    part.pieces.append(piece)
    return tool
  }
}

package import JSONScan
internal import Signalbox
internal import Wire

/// Reads the lines of one reply of Ollama's `/api/chat` and `/api/generate`; a reply that is no stream is one line.
///
/// Format: the API reference of Ollama and the types of its official SDK.
package struct OllamaReader {
  /// What is kept of the last line as the provider's own usage: its numbers of tokens and nanoseconds.
  private static let counts: [StaticString] = [
    "prompt_eval_count", "eval_count", "total_duration", "load_duration", "prompt_eval_duration",
    "eval_duration",
  ]

  private var calls = ToolCallSlots()
  /// `counts` of the last line as an object of their own.
  private let usage = PaddedBuffer(capacity: 0)

  package init() {}

  /// Reads one payload into `part`, in place of what was there.
  package mutating func read(_ root: JSONValueView, into part: inout ReplyPart) {
    part.clear()
    if let error = root["error"], !error.isNull {
      part.failure = .init(error)
      return
    }
    let message = root["message"]
    let isDone = root["done"]?.bool
    guard message != nil || isDone != nil || root["response"] != nil else {
      part.isOpaque = true
      return
    }
    part.model = root["model"]?.text
    part.choices.append(0)
    // `/api/generate` has its texts at the top.
    let texts = message ?? root
    if let text = texts["thinking"]?.nonEmptyText {
      part.pieces.append(ReplyPiece(channel: .reasoning, text: text))
    }
    if let text = (message?["content"] ?? root["response"])?.nonEmptyText {
      part.pieces.append(ReplyPiece(channel: .text, text: text))
    }
    texts["tool_calls"]?.forEachElement { read(call: $0, into: &part) }
    guard isDone == true else { return }
    part.isEnd = true
    if let reason = root["done_reason"]?.nonEmptyText {
      part.finishes.append(.init(choice: 0, reason: reason))
    }
    readCounts(root, into: &part)
  }

  /// Calls are sent whole, with an object of arguments.
  private mutating func read(call: JSONValueView, into part: inout ReplyPart) {
    guard let function = call["function"], function.kind == .object else { return }
    let id = call["id"]?.nonEmptyText
    var piece = ReplyPiece(
      channel: .toolArguments, tool: calls.open(choice: 0, index: function["index"]?.int, id: id), toolID: id,
      toolName: function["name"]?.nonEmptyText, text: UnsafeRawBufferPointer(start: nil, count: 0))
    if let arguments = function["arguments"], !arguments.isNull {
      piece.text = arguments.bytes
      piece.isValue = arguments.kind != .string
    }
    part.pieces.append(piece)
  }

  /// A count that is zero is left out, and one of the prompt also where the cache had all of it: absent is
  /// unknown.
  private func readCounts(_ root: JSONValueView, into part: inout ReplyPart) {
    let input = root["prompt_eval_count"]?.count
    let output = root["eval_count"]?.count
    guard input != nil || output != nil else { return }
    part.usage = TokenUsage(input: input, output: output, provenance: .providerPartial)
    var writer = ByteWriter(capacity: 256)
    for name in Self.counts {
      guard let value = root[name], value.kind == .number else { continue }
      writer.append(writer.count == 0 ? "{\"" : ",\"")
      writer.append(name)
      writer.append("\":")
      writer.append(value.bytes)
    }
    writer.append("}")
    usage.removeAll()
    usage.append(writer.raw)
    part.rawUsage = UnsafeRawBufferPointer(usage.bytes)
  }
}

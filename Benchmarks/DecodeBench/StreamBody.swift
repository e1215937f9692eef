import SignalboxLLM
import Wire

/// A streamed reply of a format, as its provider sends it.
struct StreamBody {
  let format: ReplyFormat
  private let opening: [[UInt8]]
  private let delta: (Int) -> [UInt8]
  private let ending: [[UInt8]]

  /// A reply whose deltas hold about twelve characters; with `changes` no event has the shape of the one before.
  /// Nil for a format that has no streams.
  init?(_ format: ReplyFormat, changes: Bool = false) {
    self.format = format
    // A member that no format has, of changing length.
    func extra(_ n: Int) -> String { changes ? #","x":"\#(String(repeating: "x", count: n % 7))""# : "" }
    switch format {
    case .chat:
      opening = []
      delta = {
        sse(
          #"{"id":"chatcmpl-CJ2XkQ","object":"chat.completion.chunk","created":1758500000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_f33640a400","choices":[{"index":0,"delta":{"content":"\#(text($0))"},"logprobs":null,"finish_reason":null}],"obfuscation":"\#(padding($0))"\#(extra($0))}"#
        )
      }
      ending = [
        sse(#"{"id":"chatcmpl-CJ2XkQ","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#),
        sse("[DONE]"),
      ]
    case .messages:
      opening = [
        sse(
          #"{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}}"#,
          event: "message_start"),
        sse(
          #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
          event: "content_block_start"),
      ]
      delta = {
        sse(
          #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text($0))"}\#(extra($0))}"#,
          event: "content_block_delta")
      }
      ending = [
        sse(#"{"type":"content_block_stop","index":0}"#, event: "content_block_stop"),
        sse(
          #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2000}}"#,
          event: "message_delta"),
        sse(#"{"type":"message_stop"}"#, event: "message_stop"),
      ]
    case .converse:
      opening = [frame("messageStart", #"{"p":"abcdefgh","role":"assistant"}"#)]
      delta = {
        frame(
          "contentBlockDelta",
          #"{"contentBlockIndex":0,"delta":{"text":"\#(text($0))"},"p":"\#(padding($0))"\#(extra($0))}"#)
      }
      ending = [
        frame("contentBlockStop", #"{"contentBlockIndex":0,"p":"abc"}"#),
        frame("messageStop", #"{"p":"abcdef","stopReason":"end_turn"}"#),
        frame(
          "metadata",
          #"{"metrics":{"latencyMs":900},"p":"abcd","usage":{"inputTokens":12,"outputTokens":2000,"totalTokens":2012}}"#
        ),
      ]
    case .completions:
      opening = []
      delta = {
        sse(
          #"{"id":"cmpl-CJ2XkQ","object":"text_completion","created":1758500000,"choices":[{"text":"\#(text($0))","index":0,"logprobs":null,"finish_reason":null}],"model":"gpt-3.5-turbo-instruct:20230824-v2"\#(extra($0))}"#
        )
      }
      ending = [
        sse(#"{"id":"cmpl-CJ2XkQ","choices":[{"text":"","index":0,"finish_reason":"stop"}]}"#), sse("[DONE]"),
      ]
    case .responses:
      opening = [
        sse(
          #"{"type":"response.created","sequence_number":0,"response":{"id":"resp_68d1","object":"response","status":"in_progress","model":"gpt-5-2025-08-07","output":[]}}"#,
          event: "response.created")
      ]
      delta = {
        sse(
          #"{"type":"response.output_text.delta","sequence_number":\#($0 + 4),"item_id":"msg_68d1c2a3b4e48193a5c0f3de7a1b","output_index":0,"content_index":0,"delta":"\#(text($0))","logprobs":[],"obfuscation":"\#(padding($0))"\#(extra($0))}"#,
          event: "response.output_text.delta")
      }
      ending = [
        sse(
          #"{"type":"response.completed","response":{"id":"resp_68d1","status":"completed","usage":{"input_tokens":12,"output_tokens":2000}}}"#,
          event: "response.completed")
      ]
    case .gemini:
      opening = []
      delta = {
        sse(
          #"{"candidates": [{"content": {"parts": [{"text": "\#(text($0))"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 12,"candidatesTokenCount": \#($0 + 1),"totalTokenCount": \#($0 + 13),"promptTokensDetails": [{"modality": "TEXT","tokenCount": 12}]},"modelVersion": "gemini-2.5-flash","responseId": "ohXRaPqYJ"\#(extra($0))}"#
        )
      }
      ending = [sse(#"{"candidates": [{"finishReason": "STOP","index": 0}]}"#)]
    case .ollama:
      opening = []
      delta = {
        line(
          #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.\#(184_789 + $0)Z","message":{"role":"assistant","content":"\#(text($0))"},"done":false\#(extra($0))}"#
        )
      }
      ending = [line(#"{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":2000}"#)]
    case .embeddings: return nil
    }
  }

  /// The bytes of a reply in pieces of that size, or an event in each.
  func reads(deltas: Int, size: Int?) -> [[UInt8]] {
    let events = opening + (0..<deltas).map(delta) + ending
    guard let size else { return events }
    let body = events.flatMap { $0 }
    return stride(from: 0, to: body.count, by: size).map { Array(body[$0..<min($0 + size, body.count)]) }
  }
}

/// About twelve characters.
private func text(_ n: Int) -> String {
  [" the quick br", "own fox jumps", " over\\n\\nthe ", "lazy dog. It "][n % 4]
}

private func padding(_ n: Int) -> String { String("abcdefghijklmnopqrstuvwxyz".prefix(2 + n * 7 % 20)) }

private func sse(_ data: String, event: String? = nil) -> [UInt8] {
  Array(((event.map { "event: \($0)\n" } ?? "") + "data: \(data)\n\n").utf8)
}

private func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

private func frame(_ name: String, _ payload: String) -> [UInt8] {
  var writer = ByteWriter()
  Array(payload.utf8).withUnsafeBytes {
    writer.append(
      eventStream: $0,
      headers: [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")])
  }
  return Array(writer.raw)
}

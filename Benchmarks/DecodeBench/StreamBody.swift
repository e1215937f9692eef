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
    default: return nil
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

private func frame(_ name: String, _ payload: String) -> [UInt8] {
  var writer = ByteWriter()
  Array(payload.utf8).withUnsafeBytes {
    writer.append(
      eventStream: $0,
      headers: [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")])
  }
  return Array(writer.raw)
}

import Foundation
import Testing
import Wire

@testable import SignalboxLLM

/// Runs one call through a decoder and keeps its events in a form that is easy to compare.
final class CallTape {
  let decoder: CallDecoder
  private(set) var events: [TapedEvent] = []
  private var milliseconds: UInt64 = 0

  init(
    _ format: ReplyFormat = .chat, merging: Bool = false, limits: ReplyDecoder.Limits = .init(),
    tags: String = ""
  ) {
    var context = CallContext(
      trace: Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8), span: Array("00f067aa0ba902b7".utf8),
      provider: Array("openai".utf8))
    context.session = Array("s1".utf8)
    context.tags = Array(tags.utf8)
    decoder = CallDecoder(format, context: context, tools: CallTools(), limits: limits)
    decoder.mergesDeltas = merging
  }

  /// Every step happens one millisecond after the last.
  func step(_ body: (CallDecoder, Moment, inout EventBatchBuilder) -> Void) {
    milliseconds += 1
    let wall = Timestamp(nanoseconds: 1_795_000_000_000_000_000 + Int64(milliseconds) * 1_000_000)
    var builder = EventBatchBuilder()
    body(decoder, Moment(wall: wall, steady: milliseconds * 1_000_000), &builder)
    let batch = builder.finish()
    events += batch.slots.map { TapedEvent(batch, $0) }
  }

  func start(
    _ request: String = #"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    endpoint: String = "/v1/chat/completions"
  ) {
    step { decoder, moment, builder in
      let endpoint = Array(endpoint.utf8)
      let body = Array(request.utf8)
      endpoint.withUnsafeBytes { endpoint in
        (body + [UInt8](repeating: 0, count: 64)).withUnsafeBytes {
          let body = UnsafeRawBufferPointer(rebasing: $0[..<body.count])
          decoder.start(endpoint: endpoint, body: body, at: moment, into: &builder)
        }
      }
    }
  }

  func respond(_ status: Int = 200, encoding: String? = nil, retryAfter: Double? = nil) {
    guard let encoding else {
      return decoder.respond(status: status, contentEncoding: nil, retryAfter: retryAfter)
    }
    Array(encoding.utf8).withUnsafeBytes {
      decoder.respond(status: status, contentEncoding: $0, retryAfter: retryAfter)
    }
  }

  func receive(_ bytes: [UInt8]) {
    step { decoder, moment, builder in
      bytes.withUnsafeBytes { decoder.receive($0, at: moment, into: &builder) }
    }
  }

  func finish() { step { $0.finish(at: $1, into: &$2) } }

  func fail(_ failure: CallFailure) { step { $0.fail(failure, at: $1, into: &$2) } }

  /// A whole call whose body comes in the given pieces.
  static func run(
    _ pieces: [[UInt8]], _ format: ReplyFormat = .chat, status: Int = 200, encoding: String? = nil,
    merging: Bool = false,
    limits: ReplyDecoder.Limits = .init()
  ) -> CallTape {
    let tape = CallTape(format, merging: merging, limits: limits)
    tape.start()
    tape.respond(status, encoding: encoding)
    for piece in pieces { tape.receive(piece) }
    tape.finish()
    return tape
  }

  static func run(_ body: String, _ format: ReplyFormat = .chat, status: Int = 200) -> CallTape {
    run([Array(body.utf8)], format, status: status)
  }

  /// Expects a body to give the same events whole, split at every byte, and byte by byte. Returns them.
  @discardableResult
  static func everySplit(
    _ body: String, _ format: ReplyFormat, at location: SourceLocation = #_sourceLocation
  ) -> CallTape {
    everySplit(Array(body.utf8), format, at: location)
  }

  @discardableResult
  static func everySplit(
    _ bytes: [UInt8], _ format: ReplyFormat, at location: SourceLocation = #_sourceLocation
  ) -> CallTape {
    let whole = run([bytes], format)
    let summary = whole.summary
    for cut in 1..<bytes.count {
      let parts = [Array(bytes[..<cut]), Array(bytes[cut...])]
      guard run(parts, format).summary != summary else { continue }
      Issue.record("cut at \(cut)", sourceLocation: location)
      return whole
    }
    #expect(run(bytes.map { [$0] }, format).summary == summary, sourceLocation: location)
    return whole
  }

  /// The events without their times.
  var summary: [String] { events.map(\.summary) }

  /// The texts of a channel, choice and tool call, joined.
  func text(_ channel: String = "text", choice: Int = 0, tool: Int? = nil) -> String {
    events.filter {
      $0.type == "llm.delta" && $0.data["channel"] as? String == channel
        && ($0.data["choice"] as? Int ?? 0) == choice
        && ($0.data["tool"] as? [String: Any])?["index"] as? Int == tool
    }.compactMap { $0.data["text"] as? String }.joined()
  }

  var last: TapedEvent { events.last! }

  func only(_ type: String) -> TapedEvent? {
    let found = events.filter { $0.type == type }
    return found.count == 1 ? found[0] : nil
  }
}

struct TapedEvent {
  let type: String
  let object: [String: Any]
  let data: [String: Any]

  init(_ batch: EventBatch, _ slot: EventSlot) {
    type = batch.string(.type, of: slot) ?? ""
    let json = Data(batch.event(slot))
    object =
      (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] ?? [
        "invalid": String(decoding: json, as: UTF8.self)
      ]
    data = object["data"] as? [String: Any] ?? [:]
  }

  var summary: String {
    var kept = object
    for name in ["id", "time", "received"] { kept[name] = nil }
    var data = data
    data["timing"] = nil
    kept["data"] = data
    let json = try? JSONSerialization.data(withJSONObject: kept, options: [.sortedKeys])
    return String(decoding: json ?? Data(), as: UTF8.self)
  }
}

/// A stream of the given payloads.
func sse(_ payloads: [String], done: Bool = true) -> String {
  (payloads + (done ? ["[DONE]"] : [])).map { "data: \($0)\n\n" }.joined()
}

/// A stream of payloads whose events are named by their type.
func typedSSE(_ payloads: [String]) -> String {
  payloads.map { payload in
    let object = try? JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any]
    return "event: \(object?["type"] as? String ?? "")\ndata: \(payload)\n\n"
  }.joined()
}

/// A chunk with one choice.
func chunk(_ delta: String, finish: String? = nil, extra: String = "") -> String {
  let finish = finish.map { "\"\($0)\"" } ?? "null"
  return
    #"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":"#
    + delta + #","logprobs":null,"finish_reason":"# + finish + "}]" + extra + "}"
}

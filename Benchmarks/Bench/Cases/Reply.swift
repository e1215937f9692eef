import Signalbox
import Wire

/// A streamed reply as its provider writes it, 64 pieces of text, and what a client asks for.
struct Reply {
  var name: String
  var path: String
  var media = "text/event-stream"
  var body: [UInt8]

  /// What the first piece of text is known by.
  static let mark = " word0"
  private static let words = (0..<64).map { " word\($0)" }

  static let all = [
    Reply(name: "chat", path: "/v1/chat/completions", body: chat),
    Reply(name: "responses", path: "/v1/responses", body: responses),
    Reply(name: "messages", path: "/v1/messages", body: messages),
    Reply(
      name: "gemini", path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", body: gemini),
    Reply(name: "ollama", path: "/api/chat", media: "application/x-ndjson", body: ollama),
    Reply(
      name: "converse", path: "/model/m/converse-stream", media: "application/vnd.amazon.eventstream",
      body: converse),
  ]

  private static func event(_ value: JSONValue, name: String? = nil) -> [UInt8] {
    Array(((name.map { "event: \($0)\n" } ?? "") + "data: \(value)\n\n").utf8)
  }

  private static var chat: [UInt8] {
    func chunk(_ delta: JSONValue, _ reason: JSONValue = .null) -> [UInt8] {
      event([
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_253_400,
        "model": "gpt-4o-mini",
        "choices": [["index": 0, "delta": delta, "finish_reason": reason]],
      ])
    }
    return words.flatMap { chunk(["content": .string($0)]) } + chunk([:], "stop")
      + Array("data: [DONE]\n\n".utf8)
  }

  private static var responses: [UInt8] {
    var number: Int64 = -1
    func named(_ name: String, _ members: [(String, JSONValue)]) -> [UInt8] {
      number += 1
      return event(
        .object(JSONObject([("type", .string(name)), ("sequence_number", .int(number))] + members)),
        name: name)
    }
    func whole(_ status: String, _ more: [(String, JSONValue)] = []) -> JSONValue {
      .object(
        JSONObject(
          [
            ("id", "resp_1"), ("object", "response"), ("model", "gpt-4o-mini"), ("output", []),
            ("status", .string(status)),
          ] + more))
    }
    var body = named("response.created", [("response", whole("in_progress"))])
    for word in words {
      body += named(
        "response.output_text.delta",
        [("item_id", "msg_1"), ("output_index", 0), ("content_index", 0), ("delta", .string(word))])
    }
    let usage: JSONValue = ["input_tokens": 12, "output_tokens": 64, "total_tokens": 76]
    return body + named("response.completed", [("response", whole("completed", [("usage", usage)]))])
  }

  private static var messages: [UInt8] {
    let start: JSONValue = [
      "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
      "usage": ["input_tokens": 12, "output_tokens": 1],
    ]
    let deltas = words.flatMap { word in
      event(
        [
          "type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": .string(word)],
        ], name: "content_block_delta")
    }
    let block: JSONValue = [
      "type": "content_block_start", "index": 0, "content_block": ["type": "text", "text": ""],
    ]
    let end: JSONValue = [
      "type": "message_delta", "delta": ["stop_reason": "end_turn"], "usage": ["output_tokens": 64],
    ]
    return event(["type": "message_start", "message": start], name: "message_start")
      + event(block, name: "content_block_start") + deltas
      + event(["type": "content_block_stop", "index": 0], name: "content_block_stop")
      + event(end, name: "message_delta") + event(["type": "message_stop"], name: "message_stop")
  }

  private static var gemini: [UInt8] {
    words.enumerated().flatMap { number, word in
      var candidate = JSONObject([
        ("content", ["parts": [["text": .string(word)]], "role": "model"]), ("index", 0),
      ])
      if number == 63 { candidate["finishReason"] = "STOP" }
      return event([
        "candidates": [.object(candidate)],
        "usageMetadata": [
          "promptTokenCount": 12, "candidatesTokenCount": .int(Int64(number)),
          "totalTokenCount": .int(Int64(12 + number)),
        ],
        "modelVersion": "gemini-2.5-flash", "responseId": "r1",
      ])
    }
  }

  private static var ollama: [UInt8] {
    let lines: [JSONValue] =
      words.map { word in
        [
          "model": "llama3.2", "created_at": "2026-11-26T08:00:00.000000001Z",
          "message": ["role": "assistant", "content": .string(word)], "done": false,
        ]
      } + [
        [
          "model": "llama3.2", "created_at": "2026-11-26T08:00:01Z", "done": true, "done_reason": "stop",
          "message": ["role": "assistant", "content": ""], "prompt_eval_count": 12, "eval_count": 64,
        ]
      ]
    return lines.flatMap { Array("\($0)\n".utf8) }
  }

  private static var converse: [UInt8] {
    var writer = ByteWriter(capacity: 16_384)
    func frame(_ kind: String, _ value: JSONValue) {
      let headers = [
        (name: ":event-type", value: kind), (name: ":content-type", value: "application/json"),
        (name: ":message-type", value: "event"),
      ]
      Array("\(value)".utf8).withUnsafeBytes { writer.append(eventStream: $0, headers: headers) }
    }
    frame("messageStart", ["role": "assistant"])
    for word in words {
      frame("contentBlockDelta", ["contentBlockIndex": 0, "delta": ["text": .string(word)]])
    }
    frame("contentBlockStop", ["contentBlockIndex": 0])
    frame("messageStop", ["stopReason": "end_turn"])
    frame("metadata", ["usage": ["inputTokens": 12, "outputTokens": 64, "totalTokens": 76]])
    return Array(writer.raw)
  }
}

import JSONScan
import Signalbox
import SignalboxLLM
import Testing
import Wire

@testable import SignalboxTesting

struct ReplyRendererTests {
  private static let script: ReplyScript = {
    var script = ReplyScript(
      "Guten \"Morgen\"\n😀", reasoning: "Hm, so",
      toolCalls: [
        ToolCall(id: "c1", name: "lookup", arguments: "{\"q\":\"ü\"}"),
        ToolCall(id: "c2", name: "time", arguments: "{}"),
      ], chunks: 3,
      usage: TokenUsage(input: 9, cachedRead: 4, output: 7, reasoning: 2, provenance: .providerFinal))
    script.id = "id-1"
    return script
  }()

  private func render(_ script: ReplyScript, _ format: ProviderFormat, streams: Bool) -> [[UInt8]] {
    var renderer = ReplyRenderer(script, format: format, requestedModel: "m1")
    return streams ? renderer.stream() : [renderer.whole()]
  }

  /// The JSON of every event.
  private func events(_ script: ReplyScript, _ format: ProviderFormat) throws -> [JSONValue] {
    try render(script, format, streams: true).flatMap { chunk -> [JSONValue] in
      if format == .converse { return [try JSONValue(parsing: try Frame(chunk).payload)] }
      let lines = String(decoding: chunk, as: UTF8.self).split(separator: "\n")
      return try lines.compactMap { line in
        let text = format == .ollama ? line : line.hasPrefix("data: ") ? line.dropFirst(6) : ""
        return text.isEmpty || text == "[DONE]" ? nil : try JSONValue(parsing: String(text))
      }
    }
  }

  /// All strings at a path of the events, joined.
  private func joined(_ events: [JSONValue], _ path: [String]) -> String {
    events.reduce(into: "") { $0 += $1.at(path[...])?.string ?? "" }
  }

  @Test func chat() throws {
    let events = try events(Self.script, .chat)
    #expect(joined(events, ["choices", "0", "delta", "content"]) == Self.script.text)
    #expect(joined(events, ["choices", "0", "delta", "reasoning_content"]) == "Hm, so")
    let calls = events.compactMap { $0.at(["choices", "0", "delta", "tool_calls", "0"]) }
    #expect(
      calls.filter { $0["index"] == 0 }.reduce("") { $0 + ($1["function"]?["arguments"]?.string ?? "") }
        == "{\"q\":\"ü\"}")
    #expect(calls.compactMap { $0["id"]?.string } == ["c1", "c2"])
    #expect(joined(events, ["choices", "0", "finish_reason"]) == "tool_calls")
    #expect(events.last?["usage"]?["prompt_tokens"] == 13)
    #expect(events.last?["usage"]?["completion_tokens_details"]?["reasoning_tokens"] == 2)
    #expect(render(Self.script, .chat, streams: true).last == Array("data: [DONE]\n\n".utf8))
  }

  @Test func responses() throws {
    let events = try events(Self.script, .responses)
    #expect(events.compactMap { $0["sequence_number"]?.int } == Array(0..<Int64(events.count)))
    func deltas(_ type: String) -> [JSONValue] { events.filter { $0["type"]?.string == type } }
    #expect(joined(deltas("response.output_text.delta"), ["delta"]) == Self.script.text)
    #expect(joined(deltas("response.reasoning_summary_text.delta"), ["delta"]) == "Hm, so")
    #expect(joined(deltas("response.function_call_arguments.delta"), ["delta"]) == "{\"q\":\"ü\"}{}")
    let last = try #require(events.last)
    #expect(last["type"] == "response.completed")
    #expect(last.at(["response", "usage", "output_tokens"]) == 7)
    #expect(last.at(["response", "output", "3", "call_id"]) == "c2")
    // What is streamed is what the whole answer says.
    let whole = try JSONValue(parsing: render(Self.script, .responses, streams: false)[0])
    #expect(whole == last["response"])
  }

  @Test func messages() throws {
    let events = try events(Self.script, .messages)
    #expect(events.first?.at(["message", "usage", "input_tokens"]) == 9)
    #expect(events.first?.at(["message", "usage", "cache_read_input_tokens"]) == 4)
    #expect(joined(events, ["delta", "text"]) == Self.script.text)
    #expect(joined(events, ["delta", "thinking"]) == "Hm, so")
    #expect(joined(events, ["delta", "partial_json"]) == "{\"q\":\"ü\"}{}")
    #expect(
      events.filter { $0["type"] == "content_block_start" }.compactMap { $0["index"]?.int } == [0, 1, 2, 3])
    #expect(joined(events, ["delta", "stop_reason"]) == "tool_use")
    #expect(events.last?["type"] == "message_stop")
  }

  @Test func gemini() throws {
    let events = try events(Self.script, .gemini)
    let parts = events.compactMap { $0.at(["candidates", "0", "content", "parts", "0"]) }
    #expect(joined(parts.filter { $0["thought"] == nil }, ["text"]) == Self.script.text)
    #expect(joined(parts.filter { $0["thought"] != nil }, ["text"]) == "Hm, so")
    let last = try #require(events.last)
    #expect(last.at(["candidates", "0", "content", "parts", "0", "functionCall", "args", "q"]) == "ü")
    #expect(last.at(["usageMetadata", "totalTokenCount"]) == 20)
    #expect(last.at(["candidates", "0", "finishReason"]) == "STOP")
  }

  @Test func ollama() throws {
    let events = try events(Self.script, .ollama)
    #expect(joined(events, ["message", "content"]) == Self.script.text)
    #expect(joined(events, ["message", "thinking"]) == "Hm, so")
    #expect(events.filter { $0["done"] == true }.count == 1)
    #expect(events.last?["eval_count"] == 7)
    #expect(events.dropLast().last?.at(["message", "tool_calls", "1", "function", "name"]) == "time")
  }

  @Test func converse() throws {
    let events = try events(Self.script, .converse)
    #expect(joined(events, ["delta", "text"]) == Self.script.text)
    #expect(joined(events, ["delta", "reasoningContent", "text"]) == "Hm, so")
    #expect(joined(events, ["delta", "toolUse", "input"]) == "{\"q\":\"ü\"}{}")
    #expect(events.last?.at(["usage", "cacheReadInputTokens"]) == 4)
    let types = try render(Self.script, .converse, streams: true).map { try Frame($0).headers[":event-type"] }
    #expect(types.first == "messageStart" && types.last == "metadata")
  }

  @Test func completions() throws {
    let events = try events(Self.script, .completions)
    #expect(joined(events, ["choices", "0", "text"]) == Self.script.text)
    #expect(events.last?["usage"]?["total_tokens"] == 20)
  }

  /// What the readers of the product understand of it, streamed and whole.
  @Test(arguments: ProviderFormat.allCases, [true, false])
  func isReadByTheReaders(format: ProviderFormat, streams: Bool) throws {
    let heard = try Heard(render(Self.script, format, streams: streams), format)
    #expect(heard.failure == nil)
    #expect(heard.texts[.text] == Self.script.text)
    #expect(heard.output == 7)
    if format == .completions { return }
    #expect(heard.texts[.reasoning] == "Hm, so")
    let arguments =
      try (heard.arguments[0] ?? "").isEmpty ? nil : JSONValue(parsing: heard.arguments[0] ?? "")
    #expect(arguments == ["q": "ü"])
    #expect(heard.arguments.count == 2)
  }

  @Test(arguments: ProviderFormat.allCases) func anErrorInTheStreamIsRead(format: ProviderFormat) throws {
    var script = Self.script
    script.errorInStream = "out of breath"
    let heard = try Heard(render(script, format, streams: true), format)
    #expect(heard.failure?.contains("out of breath") == true)
  }

  @Test(arguments: ProviderFormat.allCases) func theWholeAnswerIsJSON(format: ProviderFormat) throws {
    let whole = try JSONValue(parsing: render(Self.script, format, streams: false)[0])
    #expect("\(whole)".contains("Guten"))
    if format != .completions { #expect("\(whole)".contains("lookup")) }
  }

  @Test(arguments: ProviderFormat.allCases) func anErrorInTheStreamEndsIt(format: ProviderFormat) throws {
    var script = Self.script
    script.errorInStream = "out of breath"
    let events = try events(script, format)
    #expect("\(events.last ?? .null)".contains("out of breath"))
    #expect(events.count > 3)
  }

  @Test(arguments: ProviderFormat.allCases) func aRefusalIsJSON(format: ProviderFormat) throws {
    let body = try JSONValue(parsing: ReplyRenderer.refusal(status: 429, "too \"many\"", format: format))
    #expect("\(body)".contains("many"))
  }
}

extension JSONValue {
  /// The value at a path of names and places.
  fileprivate func at(_ path: ArraySlice<String>) -> JSONValue? {
    guard let first = path.first else { return self }
    if case .array(let elements) = self {
      guard let place = Int(first), elements.indices.contains(place) else { return nil }
      return elements[place].at(path.dropFirst())
    }
    return self[first]?.at(path.dropFirst())
  }

  fileprivate func at(_ path: [String]) -> JSONValue? { at(path[...]) }
}

/// What the readers of providers' formats hear.
private struct Heard {
  var texts: [ReplyChannel: String] = [:]
  var arguments: [Int: String] = [:]
  var failure: String?
  var output: Int64?

  init(_ chunks: [[UInt8]], _ format: ProviderFormat) throws {
    let decoder = ReplyDecoder(try #require(ReplyFormat(rawValue: format.rawValue)), parser: JSONParser())
    decoder.respond(status: 200, contentEncoding: nil)
    for chunk in chunks {
      chunk.withUnsafeBytes { bytes in decoder.receive(bytes) { take($0) } }
    }
    let end = decoder.finish { take($0) }
    failure = failure ?? end.map { String(decoding: $0.message, as: UTF8.self) }
    output = decoder.summary.usage?.output
  }

  private mutating func take(_ item: ReplyItem) {
    switch item {
    case .piece(let piece):
      var writer = ByteWriter()
      if piece.isValue { writer.append(piece.text) } else { writer.append(unescapingJSON: piece.text) }
      if piece.tool >= 0 {
        arguments[piece.tool, default: ""] += writer.string
      } else {
        texts[piece.channel, default: ""] += writer.string
      }
    case .failure(let failure): self.failure = String(decoding: failure.message, as: UTF8.self)
    default: break
    }
  }
}

/// Reads a frame back, with the checksums computed from a table instead of bit by bit.
private struct Frame {
  var headers: [String: String] = [:]
  var payload: [UInt8]

  init(_ bytes: [UInt8]) throws {
    func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    try #require(number(0) == bytes.count)
    try #require(number(8) == Int(Self.crc(bytes[..<8])))
    try #require(number(bytes.count - 4) == Int(Self.crc(bytes[..<(bytes.count - 4)])))
    var at = 12
    while at < 12 + number(4) {
      let name = Int(bytes[at])
      let key = String(decoding: bytes[at + 1..<at + 1 + name], as: UTF8.self)
      at += 1 + name
      try #require(bytes[at] == 7)
      let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
      headers[key] = String(decoding: bytes[at + 3..<at + 3 + length], as: UTF8.self)
      at += 3 + length
    }
    payload = Array(bytes[at..<bytes.count - 4])
  }

  private static let table: [UInt32] = (0..<256).map { start in
    (0..<8).reduce(UInt32(start)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
  }

  private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in table[Int((crc ^ UInt32(byte)) & 255)] ^ crc >> 8 }
  }
}

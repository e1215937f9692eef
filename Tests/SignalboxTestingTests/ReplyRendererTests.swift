import JSONScan
import Signalbox
import Testing

@testable import SignalboxLLM
@testable import SignalboxTesting

/// What the scripts write is what the readers of providers' formats read.
struct ReplyRendererTests {
  private struct Heard: Equatable {
    var text = ""
    var reasoning = ""
    var arguments: [String] = []
    var tools: [String] = []
    var pieces = 0
    var failure: String?
    var ended = false
    var output: Int64?
    var input: Int64?
    var reasons: [String] = []
  }

  private static let paths: [ProviderFormat: (stream: String, whole: String)] = [
    .chat: ("/v1/chat/completions", "/v1/chat/completions"), .completions: ("/v1/completions", "/v1/completions"),
    .responses: ("/v1/responses", "/v1/responses"), .messages: ("/v1/messages", "/v1/messages"),
    .gemini: (
      "/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse",
      "/v1beta/models/gemini-2.0-flash:generateContent"
    ), .ollama: ("/api/chat", "/api/chat"),
    .converse: ("/model/anthropic.claude/converse-stream", "/model/anthropic.claude/converse"),
  ]

  private func hear(_ script: ReplyScript, _ format: ProviderFormat, streams: Bool) throws -> Heard {
    let paths = try #require(Self.paths[format])
    let request = ReceivedRequest(
      method: "POST", path: streams ? paths.stream : paths.whole, headers: [],
      body: Array("{\"model\":\"m1\",\"stream\":\(streams)}".utf8), connection: 0)
    let playback = Playback(.script(script), to: request)
    let replyFormat = try #require(ReplyFormat(rawValue: format.rawValue))
    let decoder = ReplyDecoder(replyFormat, parser: JSONParser())
    var heard = Heard()
    func take(_ item: ReplyItem) {
      switch item {
      case .piece(let piece):
        guard !piece.text.isEmpty else { return }
        heard.pieces += 1
        var text = ""
        text = piece.string
        switch piece.channel {
        case .text: heard.text += text
        case .reasoning: heard.reasoning += text
        case .toolArguments: heard.arguments.append(text)
        default: break
        }
      case .failure(let failure): heard.failure = failure.message
      case .end: heard.ended = true
      default: break
      }
    }
    decoder.respond(status: playback.status, contentEncoding: UnsafeRawBufferPointer(start: nil, count: 0))
    for case .body(let bytes) in playback.steps {
      bytes.withUnsafeBytes { decoder.receive($0, take) }
    }
    _ = decoder.finish(take)
    return heard
  }
}

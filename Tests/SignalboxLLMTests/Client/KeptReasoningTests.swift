import Foundation
import JSONScan
import Testing

@testable import SignalboxLLM

/// What a provider wants back unchanged goes from its reply into the next request.
@Suite struct KeptReasoningTests {
  private func reply(_ body: [UInt8], _ format: ReplyFormat) -> Reply {
    var assembler = ReplyAssembler()
    let decoder = ReplyDecoder(format, parser: JSONParser())
    decoder.respond(status: 200, contentEncoding: nil)
    let note: (ReplyItem) -> Void = { if case .piece(let piece) = $0 { _ = assembler.take(piece) } }
    body.withUnsafeBytes { decoder.receive($0, note) }
    _ = decoder.finish(note)
    var reply = Reply(provider: "p", model: "m", requestID: "0123456789abcdef")
    assembler.fill(&reply, requestID: reply.requestID)
    return reply
  }

  /// The request that a reply goes back with.
  private func sent(_ reply: Reply, to provider: Provider) throws -> String {
    try Bodies.body(provider, "claude-sonnet-4-5", ["Hi", .assistant(reply)])
  }

  @Test func anthropicsBlocksGoBackAsTheyCame() throws {
    for body in [MessagesFixtures.tools, MessagesFixtures.whole] {
      let reply = reply(Array(body.utf8), .messages)
      #expect(reply.reasoning.count == 2 && reply.reasoning[1].text == "")
      let sent = try sent(reply, to: .anthropic(key: "k"))
      #expect(sent.contains(#"{"type":"redacted_thinking","data":"EmwK"}"#), "\(sent)")
      #expect(sent.contains(#""type":"thinking""#))
    }
  }

  @Test func bedrocksBlocksGoBackAsTheyCame() throws {
    for body in [ConverseFixtures.tools, ConverseFixtures.whole] {
      let reply = reply(body, .converse)
      #expect(reply.reasoning.first == ReasoningBlock(text: "Hm.", signature: "Sig"))
      #expect(reply.reasoning.count == 2 && reply.reasoning[1].kept("redactedContent") == "EmwK")
      let sent = try sent(reply, to: .bedrock(region: "eu-central-1", key: "k"))
      #expect(sent.contains(#"{"reasoningContent":{"redactedContent":"EmwK"}}"#), "\(sent)")
      #expect(sent.contains(#"{"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"Sig"}}}"#))
    }
  }

  @Test func aBlockOfAnotherProviderIsLeftOut() throws {
    let reply = reply(ConverseFixtures.tools, .converse)
    let sent = try sent(reply, to: .anthropic(key: "k"))
    #expect(!sent.contains("EmwK") && sent.contains(#""signature":"Sig""#))
  }

  @Test func whatTheProviderRunsIsNoCallToAnswer() {
    #expect(reply(Array(MessagesFixtures.search.utf8), .messages).toolCalls.isEmpty)
    #expect(reply(ConverseFixtures.tools, .converse).toolCalls.map(\.name) == ["weather"])
    #expect(
      reply(Array(MessagesFixtures.tools.utf8), .messages).toolCalls == [
        ToolCall(id: "toolu_1", name: "weather", arguments: #"{"city": "Wien"}"#),
        ToolCall(id: "toolu_2", name: "time", arguments: #"{"zone":"CET"}"#),
      ])
  }
}

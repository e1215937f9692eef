import Foundation
import JSONScan
import Net
import Testing
import Wire

@testable import SignalboxServer

@Suite(.timeLimit(.minutes(5))) struct GatewayUsageTests {
  /// What OpenAI sends to who asks for usage; without it there would be neither `"usage":null` nor the last chunk.
  private static func stream(asked: Bool) -> [String] {
    let none = asked ? #","usage":null"# : ""
    let chunks = ["Hel", "lo", " 😀"].map {
      #"data: {"id":"c1","model":"gpt-4o-x","choices":[{"index":0,"delta":{"content":"\#($0)"}}]\#(none)}"#
    }
    let usage = #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#
    let finish = #"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]\#(none)}"#
    return (chunks + [finish] + (asked ? [usage] : []) + ["data: [DONE]"]).map { $0 + "\n\n" }
  }

  private static let unasked = stream(asked: false).joined()

  /// An upstream that answers as OpenAI does: with usage if it is asked.
  private func upstream(headers: String = "", cuts: Bool = false) -> ScriptedUpstream {
    ScriptedUpstream { connection, request in
      let asked = request.contains("include_usage\":true")
      let body = Array(Self.stream(asked: asked).joined().utf8)
      connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\(headers)Content-Length: \(body.count)\r\n\r\n"
      )
      connection.send(pieces: cuts ? body.map { [$0] } : [body])
      return true
    }
  }

  private func policy(_ usage: UsagePolicy) -> @Sendable (inout GatewayConfiguration) -> Void {
    { configuration in
      configuration = GatewayConfiguration(
        upstreams: Dictionary(uniqueKeysWithValues: configuration.upstreams.map { ($0.name, $0.url) }),
        usage: usage)
    }
  }

  @Test(arguments: [false, true]) func theClientGetsWhatItWouldHaveGotAndTheTapTheUsage(_ cuts: Bool) throws {
    let upstream = upstream(cuts: cuts)
    try withGateway(upstream, configure: policy(.ask)) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post(headers: "Accept-Encoding: gzip, br\r\nX-One: 1\r\naccept-encoding: zstd\r\n")
      let answer = try client.answer()
      #expect(answer.text == Self.unasked)
      #expect(answer.head.contains("Transfer-Encoding: chunked") && !answer.head.contains("Content-Length"))
      let end = outlet.wait(for: "llm.end").last!
      let usage = end.data["usage"] as? [String: Any]
      #expect(usage?["output"] as? Int == 4 && usage?["provenance"] as? String == "provider_final")
      let options = outlet.events.first?.data["options"] as? [String: Any]
      #expect(options?["stream_options"] == nil && metrics.now.usageAsked == 1)
      // The connection is as good as before.
      client.post()
      #expect(try client.answer().text == Self.unasked)
    }
    let body = #"{"stream_options":{"include_usage":true},"# + chatRequest.dropFirst()
    #expect(
      upstream.requests[0]
        == "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:\(upstream.port)\r\nAccept-Encoding: identity\r\n"
        + "X-One: 1\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    #expect(!upstream.requests[1].lowercased().contains("accept-encoding"))
  }

  @Test func whoChoosesIsLeftAlone() throws {
    let upstream = upstream()
    let requests = [
      #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#,
      #"{"model":"m","stream":true,"stream_options":{"include_usage":false},"messages":[]}"#,
      #"{"model":"m","messages":[]}"#, "not JSON",
    ]
    try withGateway(upstream, configure: policy(.ask)) { port, _, metrics in
      let client = try GatewayClient(port: port)
      for request in requests {
        client.post(request, headers: "Accept-Encoding: gzip\r\n")
        let asked = request.contains("include_usage\":true")
        #expect(try client.answer().text == Self.stream(asked: asked).joined())
      }
      client.post(headers: "Content-Digest: sha-256=:x:\r\n")
      #expect(try client.answer().text == Self.unasked)
      client.post(headers: "Accept-Encoding: gzip, *;q=0\r\n")
      #expect(try client.answer().text == Self.unasked)
      #expect(metrics.now.usageAsked == 0)
    }
    for (request, seen) in zip(requests, upstream.requests) {
      #expect(seen.hasSuffix("\r\n\r\n" + request) && seen.contains("Accept-Encoding: gzip\r\n"))
    }
  }

  @Test(arguments: [UsagePolicy.never, .auto]) func thisServerIsNotAsked(_ usage: UsagePolicy) throws {
    let upstream = upstream()
    try withGateway(upstream, configure: policy(usage)) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.answer().text == Self.unasked)
      let usage = outlet.wait(for: "llm.end").last?.data["usage"] as? [String: Any]
      #expect(usage?["provenance"] as? String == "estimated" && metrics.now.usageAsked == 0)
    }
    #expect(upstream.requests[0].hasSuffix("\r\n\r\n" + chatRequest))
  }

  @Test func anAnswerThatIsNoPlainStreamPassesUnchanged() throws {
    let upstream = upstream(headers: "Content-Encoding: br\r\n")
    try withGateway(upstream, configure: policy(.ask)) { port, _, _ in
      let client = try GatewayClient(port: port)
      client.post()
      let answer = try client.answer()
      #expect(answer.text == Self.stream(asked: true).joined() && answer.head.contains("Content-Length"))
    }
    let refusing = ScriptedUpstream { connection, _ in
      connection.send(answer(#"{"error":{"message":"no","usage":null}}"#, status: "400 Bad Request"))
      return true
    }
    try withGateway(refusing, configure: policy(.ask)) { port, _, _ in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.answer().text == #"{"error":{"message":"no","usage":null}}"#)
    }
  }

  @Test func aClientThatLeavesDoesNotLoseTheUsage() throws {
    let gate = Gate()
    let upstream = ScriptedUpstream { connection, _ in
      let stream = Self.stream(asked: true)
      connection.send(streamHead + httpChunk(stream[0]))
      gate.wait()
      connection.send(stream.dropFirst().map(httpChunk).joined() + "0\r\n\r\n")
      return true
    }
    try withGateway(upstream, configure: policy(.ask)) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.read(upTo: "\n\n").hasSuffix(Self.stream(asked: false)[0]))
      client.disconnect()
      #expect(metrics.wait { $0.drains == 1 }.drains == 1)
      gate.open()
      let usage = outlet.wait(for: "llm.error").last?.data["usage"] as? [String: Any]
      #expect(usage?["output"] as? Int == 4 && usage?["provenance"] as? String == "provider_final")
    }
  }

  // MARK: Who is asked by itself

  private func asks(_ url: String, target: String = "/x/v1/chat/completions", _ usage: UsagePolicy = .auto)
    throws -> Bool
  {
    let upstream = try GatewayUpstream(name: "x", url: url, usage: usage)
    let head = try requestHead("POST \(target) HTTP/1.1\r\nHost: a")
    let route = try #require(head.withPath { GatewayRoute($0, upstreams: [upstream]) })
    var body = ByteWriter(capacity: 256)
    body.append(utf8: chatRequest)
    body.reserve(64)
    return GatewayUsage.ask(
      SharedBytes(taking: body), of: upstream, url: route.url(head, upstream: upstream), head: head,
      parser: JSONParser()) != nil
  }

  @Test(arguments: [
    "https://api.openai.com", "https://API.OpenAI.com:443/v1", "https://eu.api.openai.com/v1",
  ])
  func openAIIs(_ url: String) throws {
    #expect(try asks(url))
    #expect(try !asks(url, .never))
  }

  @Test(arguments: [
    "https://api.openai.com.example.com", "https://example.com/api.openai.com", "http://127.0.0.1:8000",
    "https://api.mistral.ai", "https://openrouter.ai/api", "https://notapi.openai.com",
  ])
  func othersAreNot(_ url: String) throws {
    #expect(try !asks(url))
    #expect(try asks(url, .ask))
  }

  @Test func azureIsFromTheVersionOnThatKnowsIt() throws {
    let azure = "https://me.openai.azure.com"
    let path = "/x/openai/deployments/d/chat/completions"
    #expect(try asks(azure, target: path + "?api-version=2024-10-21"))
    #expect(try asks(azure, target: path + "?api-version=2025-04-01-preview"))
    #expect(try asks(azure, target: "/x/openai/v1/chat/completions"))
    #expect(try !asks(azure, target: path + "?api-version=2024-06-01"))
    #expect(try !asks(azure, target: path))
  }
}

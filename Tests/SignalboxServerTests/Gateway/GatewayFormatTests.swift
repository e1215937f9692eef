import Foundation
import Net
import Testing
import Wire

@testable import SignalboxServer

/// Every format through the gateway: bytes unchanged, a span told.
@Suite(.timeLimit(.minutes(5))) struct GatewayFormatTests {
  struct Call: Sendable, CustomTestStringConvertible {
    var path: String
    var request: String
    var reply: String
    var model: String
    var text: String
    var output: Int
    var testDescription: String { path }
  }

  static let calls = [
    Call(
      path: "/v1/responses", request: #"{"model":"gpt-5","input":"Hi","stream":true}"#,
      reply: """
        event: response.output_text.delta
        data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Grüße"}

        event: response.completed
        data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}


        """, model: "gpt-5", text: "Grüße", output: 2),
    Call(
      path: "/v1/completions", request: #"{"model":"g","prompt":"Hi","stream":true}"#,
      reply:
        "data: {\"choices\":[{\"index\":0,\"text\":\"Hi\",\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":4}}\n\ndata: [DONE]\n\n",
      model: "g", text: "Hi", output: 4),
    Call(
      path: "/v1/embeddings", request: #"{"model":"e","input":"Hi"}"#,
      reply: #"{"object":"list","data":[],"model":"e-1","usage":{"prompt_tokens":5,"total_tokens":5}}"#,
      model: "e",
      text: "", output: 0),
    Call(
      path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", request: #"{"contents":[]}"#,
      reply:
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hallo\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,\"totalTokenCount\":7}}\r\n\r\n",
      model: "gemini-2.5-flash", text: "Hallo", output: 6),
    Call(
      path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent", request: #"{"contents":[]}"#,
      reply:
        "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Ha\"}]}}]}\n,\r\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"llo\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"totalTokenCount\":7}}\n]\n",
      model: "gemini-2.5-flash", text: "Hallo", output: 7),
    Call(
      path: "/api/chat", request: #"{"model":"qwen3","messages":[]}"#,
      reply:
        "{\"message\":{\"content\":\"Hey\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3}\n",
      model: "qwen3", text: "Hey", output: 3),
    Call(
      path: "/openai/deployments/my-gpt/chat/completions?api-version=2024-06-01",
      request: #"{"stream":true,"messages":[]}"#, reply: chatStream.joined(), model: "my-gpt",
      text: "Hello 😀", output: 4),
  ]

  @Test(arguments: calls) func passesAndTells(_ call: Call) throws {
    let reply = call.reply
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(answer(reply))
      return true
    }
    try withGateway(upstream) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      client.post(call.request, path: "/openai" + call.path)
      #expect(try client.answer().text == call.reply)
      let events = outlet.wait(for: "llm.end")
      #expect(events.first?.type == "llm.start" && events.first?.object["model"] as? String == call.model)
      let text = events.filter { $0.type == "llm.delta" }.compactMap { $0.data["text"] as? String }.joined()
      #expect(text == call.text)
      let usage = events.last?.data["usage"] as? [String: Any]
      #expect(
        usage?["output"] as? Int ?? 0 == call.output && usage?["provenance"] as? String == "provider_final")
    }
    #expect(upstream.requests[0].hasPrefix("POST \(call.path) HTTP/1.1\r\n"))
    #expect(upstream.requests[0].hasSuffix("\r\n\r\n" + call.request))
  }

  @Test func whatIsNoCallPassesUntapped() throws {
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(answer("{}"))
      return true
    }
    let paths = [
      "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/threads/t/messages", "/v1/responses/r/cancel",
      "/v1beta/models/g:countTokens", "/api/pull",
    ]
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      for path in paths {
        client.post("{}", path: "/openai" + path)
        #expect(try client.answer().text == "{}")
      }
      #expect(metrics.now.untapped == paths.count && outlet.events.isEmpty)
    }
  }

  // MARK: Where a path leads

  @Test(arguments: [
    ("https://a.example/v1", "/u/v1/models", "https://a.example/v1/models"),
    ("https://a.example/v1", "/u/models", "https://a.example/v1/models"),
    ("https://a.example/v1", "/u/v1beta/models", "https://a.example/v1/v1beta/models"),
    (
      "https://a.example/v1beta", "/u/v1beta/models/g:countTokens",
      "https://a.example/v1beta/models/g:countTokens"
    ),
    ("https://a.example/openai/v1/", "/u/v1", "https://a.example/openai/v1"),
    ("https://a.example/vendor", "/u/vendor/x", "https://a.example/vendor/vendor/x"),
    ("https://a.example", "/u/v1/v1/x", "https://a.example/v1/v1/x"),
  ])
  func aVersionIsWrittenOnce(_ url: String, _ path: String, _ expected: String) throws {
    let upstream = try GatewayUpstream(name: "u", url: url)
    let head = try requestHead("GET \(path) HTTP/1.1\r\nHost: a")
    let route = try #require(head.withPath { GatewayRoute($0, upstreams: [upstream]) })
    #expect(route.url(head, upstream: upstream) == expected)
  }

  private func missing(_ request: String) throws -> String? {
    let upstreams = GatewayConfiguration(upstreams: ServerConfiguration.defaultUpstreams).upstreams
    let head = try requestHead(request + " HTTP/1.1\r\nHost: a")
    return head.withPath { GatewayProblem(missing: $0, method: head.method, upstreams: upstreams) }?.message
  }

  @Test func anUpstreamThatIsNotThereIsToldHowToAdd() throws {
    let azure = "start it with --upstream azure=https://RESOURCE.openai.azure.com"
    #expect(try missing("POST /azure/openai/deployments/d/chat/completions")?.hasSuffix(azure) == true)
    #expect(try missing("GET /azure/openai/models")?.hasSuffix(azure) == true)
    let keyed = try missing("POST /g/sk-secret/s/azure/openai/v1/chat/completions")
    #expect(keyed?.hasSuffix(azure) == true && keyed?.contains("secret") == false)
    #expect(try missing("POST /mine/v1/chat/completions")?.contains("--upstream mine=") == true)
    #expect(
      try missing("POST /v1/chat/completions")
        == "The path does not say where to: put the name of an upstream before it, as in /openai/v1/chat/completions"
    )
    for request in ["GET /mine/v1/models", "POST /v1/events", "GET /assets/app.js", "GET /", "POST /mine"] {
      #expect(try missing(request) == nil, "\(request)")
    }
  }
}

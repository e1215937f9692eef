import Foundation
import Glibc
import Testing

@testable import SignalboxServer

@Suite(.timeLimit(.minutes(5))) struct GatewayTests {
  private let stream = streamHead + chatStream.map(httpChunk).joined() + "0\r\n\r\n"

  @Test func passesAStreamThroughAndTellsIt() throws {
    let upstream = ScriptedUpstream { [stream] connection, _ in
      connection.send(stream)
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post(
        headers: "Authorization: Bearer sk-secret123456\r\nX-One: 1\r\nx-signalbox-session: s1\r\n"
          + "x-signalbox-tags: team=a%2Cb,user=42\r\n"
          + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX-Two:\r\n")
      let answer = try client.answer()
      #expect(answer.text == chatStream.joined())
      #expect(
        answer.head
          == "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n"
      )
      let events = outlet.wait(for: "llm.end")
      #expect(events.first?.type == "llm.start" && events.last?.type == "llm.end")
      let text = events.filter { $0.type == "llm.delta" }.compactMap { $0.data["text"] as? String }.joined()
      #expect(text == "Hello 😀")
      let timing = events.last?.data["timing"] as? [String: Any]
      #expect(timing?["duration_ms"] as? Double ?? 0 > 0 && timing?["first_delta_ms"] as? Double ?? 0 > 0)
      for event in events {
        #expect(event.object["trace"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(event.object["parent"] as? String == "00f067aa0ba902b7")
        #expect(event.object["session"] as? String == "s1" && event.object["provider"] as? String == "openai")
        #expect(event.object["tags"] as? [String: String] == ["team": "a,b", "user": "42"])
        #expect((event.object["span"] as? String)?.count == 16)
        #expect(!String(decoding: event.json, as: UTF8.self).contains("secret"))
      }
      #expect(events.first?.data["endpoint"] as? String == "/v1/chat/completions")
      #expect(events.first { $0.type == "llm.usage" }?.data["output"] as? Int == 4)
      #expect(metrics.now.answers["openai"]?[2] == 1 && metrics.now.added.reduce(0, +) == 1)
    }
    let request = upstream.requests[0]
    #expect(
      request
        == "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:\(upstream.port)\r\nAuthorization: Bearer sk-secret123456\r\n"
        + "X-One: 1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX-Two:\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(chatRequest.utf8.count)\r\n\r\n\(chatRequest)")
  }

  @Test func aStreamSplitAnywhereIsTheSame() throws {
    let bytes = Array(stream.utf8)
    let upstream = ScriptedUpstream { connection, request in
      let cut = Int(request.split(separator: "cut=")[1].prefix { $0.isNumber })!
      connection.send(pieces: cut == 0 ? bytes.map { [$0] } : [Array(bytes[..<cut]), Array(bytes[cut...])])
      return true
    }
    try withGateway(upstream) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      let cuts = [0] + stride(from: 1, to: bytes.count, by: 7)
      for cut in cuts {
        client.post(path: "/openai/v1/chat/completions?cut=\(cut)")
        #expect(try client.answer().text == chatStream.joined(), "cut at \(cut)")
      }
      let events = outlet.wait(for: "llm.end", count: cuts.count)
      #expect(events.filter { $0.type == "llm.end" }.count == cuts.count)
    }
    #expect(upstream.connectionCount == 1)
  }

  @Test func passesStatusReasonHeadersAndBodyOfARefusal() throws {
    let body =
      #"{"error":{"message":"Slow down, key sk-abcdefgh12345678","type":"x","code":"rate_limit_exceeded"}}"#
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(
        answer(
          body, status: "429 Too Fast",
          headers: "x-ratelimit-remaining-requests: 0\r\nRetry-After: 2\r\nX-A: b\r\nx-a: c\r\n"))
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      let answer = try client.answer()
      #expect(
        answer.head
          == "HTTP/1.1 429 Too Fast\r\nx-ratelimit-remaining-requests: 0\r\nRetry-After: 2\r\nX-A: b\r\nx-a: c\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      )
      #expect(answer.text == body)
      let error = outlet.wait(for: "llm.error").last!.data
      #expect(error["reason"] as? String == "failed" && error["status"] as? Int == 429)
      #expect(error["message"] as? String == "Slow down, key sk-…" && error["retryable"] as? Bool == true)
      #expect(error["retry_after_ms"] as? Double == 2000 && error["code"] as? String == "rate_limit_exceeded")
      #expect(metrics.now.answers["openai"]?[4] == 1)
    }
  }

  @Test func passesEverythingElseThrough() throws {
    let upstream = ScriptedUpstream { connection, request in
      connection.send(
        request.hasPrefix("HEAD")
          ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
          : request.hasPrefix("DELETE") ? "HTTP/1.1 204 No Content\r\n\r\n" : answer("[]"))
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.send(
        "GET /openai/v1/models?a=%2F&b=..%20 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nTE: trailers\r\n\r\n"
      )
      #expect(try client.answer().text == "[]")
      client.send("HEAD /openai/../x//y HTTP/1.1\r\nHost: x\r\nConnection: x-drop\r\nX-Drop: 1\r\n\r\n")
      #expect(try client.answer(bodyless: true).head == "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
      client.send("DELETE /openai/v1/files/f HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try client.answer(bodyless: true).status == 204)
      client.send(
        "POST /openai HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
      #expect(try client.answer().text == "[]")
      client.post("{}", path: "/nobody/v1/chat/completions")
      #expect(try client.answer().status == 404)
      #expect(outlet.events.isEmpty && metrics.now.untapped == 4)
    }
    let host = "Host: 127.0.0.1:\(upstream.port)\r\n"
    #expect(
      upstream.requests == [
        "GET /v1/models?a=%2F&b=..%20 HTTP/1.1\r\n\(host)Accept-Encoding: gzip\r\n\r\n",
        "HEAD /../x//y HTTP/1.1\r\n\(host)\r\n", "DELETE /v1/files/f HTTP/1.1\r\n\(host)\r\n",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabc",
      ])
  }

  @Test func aVersionInTheURLIsNotDoubledAndAPathNamesASession() throws {
    let upstream = ScriptedUpstream { [stream] connection, _ in
      connection.send(stream)
      return true
    }
    try withGateway(upstream, path: "/base/v1/") { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post(path: "/g/-/sess-7/openai/v1/chat/completions", headers: "traceparent: nonsense\r\n")
      #expect(try client.answer().text == chatStream.joined())
      client.post(path: "/openai/chat/completions", headers: "x-signalbox-session: no good\r\n")
      #expect(try client.answer().text == chatStream.joined())
      let ends = outlet.wait(for: "llm.end", count: 2).filter { $0.type == "llm.end" }
      #expect(ends[0].object["session"] as? String == "sess-7" && ends[1].object["session"] == nil)
      #expect((ends[0].object["trace"] as? String)?.count == 32 && ends[0].object["parent"] == nil)
      #expect(metrics.now.ignoredHeaders == 2)
    }
    #expect(upstream.requests.allSatisfy { $0.hasPrefix("POST /base/v1/chat/completions ") })
  }

  // MARK: What goes wrong

  @Test func aStreamThatBreaksIsBrokenForTheClientToo() throws {
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(streamHead + httpChunk(chatStream[0]) + "40\r\ndata: {")
      connection.resetOnClose()
      return false
    }
    try withGateway(upstream) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(throws: (any Error).self) { try client.answer() }
      let error = outlet.wait(for: "llm.error").last!
      #expect(error.data["reason"] as? String == "incomplete")
      #expect((error.data["usage"] as? [String: Any])?["provenance"] as? String == "estimated")
    }
  }

  @Test func aShortBodyIsBrokenForTheClientToo() throws {
    let upstream = ScriptedUpstream { connection, _ in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":")
      return false
    }
    try withGateway(upstream) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(throws: (any Error).self) { try client.answer() }
      #expect(outlet.wait(for: "llm.error").last?.data["reason"] as? String == "incomplete")
    }
  }

  @Test func aStreamWithoutItsEndIsWholeBytesButIncomplete() throws {
    let cut = streamHead + httpChunk(chatStream[0]) + "0\r\n\r\n"
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(cut)
      return true
    }
    try withGateway(upstream) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.answer().text == chatStream[0])
      #expect(outlet.wait(for: "llm.error").last?.data["reason"] as? String == "incomplete")
    }
  }

  @Test func anUpstreamThatIsNotThereIsSaid() throws {
    let upstream = ScriptedUpstream { _, _ in true }
    upstream.stop()
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      let answer = try client.answer()
      #expect(answer.status == 502 && answer.head.contains("x-signalbox-error: upstream_unreachable\r\n"))
      #expect(answer.text.hasPrefix(#"{"error":{"code":"upstream_unreachable","message":"upstream openai: "#))
      let events = outlet.wait(for: "llm.error")
      #expect(events.map(\.type) == ["llm.start", "llm.error"])
      #expect(
        events[1].data["reason"] as? String == "failed" && events[1].data["code"] as? String == "unreachable")
      #expect(metrics.now.answers["openai"]?[0] == 1 && metrics.now.active == 0)
    }
  }

  @Test func anUpstreamThatSaysNothingTimesOut() throws {
    let upstream = ScriptedUpstream { connection, _ in connection.readRequest() != nil }
    let impatient: @Sendable (inout GatewayConfiguration) -> Void = {
      $0.timeouts.firstByte = .milliseconds(50)
    }
    try withGateway(upstream, configure: impatient) { port, outlet, _ in
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.answer().status == 504)
      #expect(outlet.wait(for: "llm.error").last?.data["code"] as? String == "timeout")
    }
  }

  @Test func badBytesNeverReachTheTapsClient() throws {
    let odd = "\u{0}\u{1}data: {broken\n\n\ndata: [DONE]\n\n"
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(answer(odd))
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post("this is { not JSON")
      #expect(try client.answer().text == odd)
      #expect(outlet.wait(for: "llm.error").first?.data["unread"] as? String == "the request is not JSON")
      #expect(metrics.now.tapFailures == 1)
    }
    #expect(upstream.requests[0].hasSuffix("this is { not JSON"))
  }

  @Test func aClientThatLeavesDoesNotLoseTheUsage() throws {
    let gate = Gate()
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(streamHead + httpChunk(chatStream[0]))
      gate.wait()
      connection.send(chatStream.dropFirst().map(httpChunk).joined() + "0\r\n\r\n")
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      _ = try client.read(upTo: "\n\n")
      client.disconnect()
      #expect(metrics.wait { $0.drains == 1 }.drains == 1)
      gate.open()
      let error = outlet.wait(for: "llm.error").last!
      #expect(error.data["reason"] as? String == "cancelled")
      let usage = error.data["usage"] as? [String: Any]
      #expect(usage?["output"] as? Int == 4 && usage?["provenance"] as? String == "provider_final")
      #expect(metrics.now.drains == 0 && metrics.now.active == 0)
    }
  }

  @Test func aDrainHasItsLimits() throws {
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(streamHead + httpChunk(chatStream[0]))
      return connection.readRequest() != nil
    }
    let noDrains: @Sendable (inout GatewayConfiguration) -> Void = { $0.drainLimit = 0 }
    try withGateway(upstream, configure: noDrains) { port, outlet, metrics in
      let client = try GatewayClient(port: port)
      client.post()
      _ = try client.read(upTo: "\n\n")
      client.disconnect()
      #expect(outlet.wait(for: "llm.error").last?.data["reason"] as? String == "cancelled")
      #expect(metrics.now.active == 0)
    }
  }

  @Test func aSlowClientPausesTheUpstreamAndGetsEverything() throws {
    let size = 40 << 20
    let upstream = ScriptedUpstream { connection, _ in
      connection.send(answer(String(repeating: "z", count: size)))
      return true
    }
    try withGateway(upstream) { port, _, metrics in
      let client = try GatewayClient(port: port)
      client.send("GET /openai/big HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try client.read(upTo: "\r\n\r\n")
      #expect(head.contains("Content-Length: \(size)\r\n"))
      // Nobody reads: the gateway takes what fits into its bound and the sockets, and no more.
      #expect(metrics.wait(seconds: 0.5) { $0.bytesDown == size }.bytesDown < size / 2)
      #expect(try client.read(size).allSatisfy { $0 == UInt8(ascii: "z") })
    }
  }

  @Test func whatTheLogRefusesIsAnnounced() throws {
    let upstream = ScriptedUpstream { [stream] connection, _ in
      connection.send(stream)
      return true
    }
    try withGateway(upstream) { port, outlet, metrics in
      outlet.refuse(true)
      let client = try GatewayClient(port: port)
      client.post()
      #expect(try client.answer().text == chatStream.joined())
      let lost = metrics.wait { $0.active == 0 && $0.eventsLost >= 4 }.eventsLost
      outlet.refuse(false)
      client.post()
      #expect(try client.answer().text == chatStream.joined())
      let gap = outlet.wait(for: "signalbox.gap").first { $0.type == "signalbox.gap" }
      #expect(gap?.data["dropped"] as? Int == lost && gap?.data["reason"] as? String == "rejected")
    }
  }
}

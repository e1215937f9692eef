import Net
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct HTTPServerTests {
  @Test func answersRequestsOnOneConnection() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      for text in ["one", "two"] {
        try client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(text)")
        let answer = try client.answer()
        #expect(answer.status == 200)
        #expect(answer.body == text)
        #expect(answer.head.contains("\r\nDate: "))
      }
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    try withServer({ service in
      service.serving = { exchange, body in
        let text = String(decoding: body, as: UTF8.self)
        // Answered out of the call, from the loop's inbox.
        exchange.loop.execute { exchange.respond(200, body: text) }
      }
    }) { _, port in
      let client = try RawClient(port: port)
      let requests = (0..<50).map { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\($0 + 10)" }
      try client.send(requests.joined())
      for number in 0..<50 { #expect(try client.answer().body == "\(number + 10)") }
    }
  }
}

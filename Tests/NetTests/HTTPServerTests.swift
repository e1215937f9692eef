import Glibc
import Net
import Testing
import Wire

@Suite(.timeLimit(.minutes(5)))
struct HTTPServerTests {
  // MARK: - Requests

  @Test func answersRequestsOnOneConnection() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      for text in ["one", "two"] {
        try client.send(post(text))
        let answer = try client.answer()
        #expect(answer.status == 200)
        #expect(answer.body == text)
        #expect(answer.head.contains("\r\nDate: "))
      }
    }
  }

  @Test func requestsMayArriveByteByByte() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      for byte in post("slow").utf8 { try client.send([byte]) }
      #expect(try client.answer().body == "slow")
    }
  }

  @Test(arguments: [false, true]) func pipelinedRequestsAreAnsweredInOrder(later: Bool) throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, body in
        let text = String(decoding: body, as: UTF8.self)
        if later {
          exchange.loop.execute { exchange.respond(200, body: text) }
        } else {
          exchange.respond(200, body: text)
        }
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send((10..<60).map { post("\($0)") }.joined())
      for number in 10..<60 { #expect(try client.answer().body == "\(number)") }
    }
  }

  @Test(arguments: [1 << 10, 300 << 10, 4 << 20]) func largeAnswersDoNotStallThePipeline(size: Int) throws {
    let text = String(repeating: "x", count: size)
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in exchange.respond(200, body: text) }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send((0..<4).map { post("\($0)") }.joined())
      for _ in 0..<4 {
        #expect(try client.answer(bodyless: true).status == 200)
        #expect(try client.read(size).count == size)
      }
    }
  }

  @Test func chunkedBodiesAreJoined() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\n")
      try client.send("de\r\n0\r\nTrailer: x\r\n\r\n" + post("next"))
      #expect(try client.answer().body == "abcde")
      #expect(try client.answer().body == "next")
    }
  }

  @Test func bodiesLargerThanTheReadBufferArriveWhole() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      let text = String((0..<40_000).map { "\($0)," }.joined())
      try client.send(post(text))
      #expect(try client.answer().body == text)
    }
  }

  @Test func continueIsSentOnlyWhenTheBodyIsWanted() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.planning = { $0.head.pathIs("/no") ? .answered : .collect(limit: 10) }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
      #expect(try client.answer().status == 100)
      try client.send("body")
      #expect(try client.answer().body == "body")
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n")
      #expect(try client.answer().status == 413)
      #expect(try client.readAll() == "")
    }
  }

  @Test func unwantedBodiesAreSkipped() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.planning = { exchange in
        guard exchange.head.pathIs("/no") else { return .collect(limit: 100) }
        exchange.respond(403, body: "no")
        return .answered
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      let body = String(repeating: "x", count: 100_000)
      try client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)")
      #expect(try client.answer().status == 403)
      try client.send("POST /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
      #expect(try client.answer().status == 403)
      try client.send(post("next"))
      #expect(try client.answer().body == "next")
      try client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n\(body)")
      let answer = try client.answer()
      #expect(answer.status == 403)
      #expect(answer.head.contains("Connection: close"))
      #expect(try client.readAll() == "")
    }
  }

  @Test func tooLongBodiesAreRefused() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.planning = { _ in .collect(limit: 10) }
    }
    try withServer(configure) { _, port in
      let first = try RawClient(port: port)
      try first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
      let answer = try first.answer()
      #expect(answer.status == 413)
      #expect(
        answer.body
          == #"{"error":{"code":"content_too_large","message":"The body is longer than 10 bytes."}}"#)
      let second = try RawClient(port: port)
      try second.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890")
      #expect(try second.answer().status == 413)
    }
  }

  @Test func malformedRequestsCostOnlyTheirConnection() throws {
    try withServer { _, port in
      let good = try RawClient(port: port)
      try good.send(post("one"))
      #expect(try good.answer().body == "one")
      let bad = try RawClient(port: port)
      try bad.send("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n")
      let answer = try bad.answer()
      #expect(answer.status == 400)
      #expect(answer.body.hasPrefix(#"{"error":{"code":"bad_request","message":"A line of"#))
      #expect(try bad.readAll() == "")
      try good.send(post("two"))
      #expect(try good.answer().body == "two")
    }
  }

  @Test func aGoodRequestBeforeABadOneIsAnswered() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      try client.send(post("one") + "nonsense\r\n\r\n")
      #expect(try client.answer().body == "one")
      #expect(try client.answer().status == 400)
    }
  }

  // MARK: - Peers that go away

  @Test func theServiceIsToldWhenThePeerGoes() async throws {
    let (closed, continuation) = AsyncStream.makeStream(of: Bool.self)
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        exchange.begin(200, framing: .chunked)
        exchange.onClose = { continuation.yield(exchange.isOver) }
      }
    }
    try await withRunningServer(configure) { port in
      var client: RawClient? = try RawClient(port: port)
      try client?.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      client = nil
      var ends = closed.makeAsyncIterator()
      #expect(await ends.next() == true)
    }
  }

  @Test func halfClosedPeersGetTheirAnswer() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        // Late enough for the end of the peer's bytes to be there first.
        exchange.loop.timer(after: 20) { exchange.respond(200, body: "still") }
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      shutdown(client.descriptor, Int32(SHUT_WR))
      #expect(try client.answer().body == "still")
      #expect(try client.readAll() == "")
    }
  }

  // MARK: - Limits

  @Test func slowHeadsAndBodiesTimeOut() throws {
    var limits = HTTPServerLimits()
    limits.headSeconds = 1
    limits.bodySeconds = 1
    limits.idleSeconds = 1
    try withServer(limits: limits) { _, port in
      let head = try RawClient(port: port)
      try head.send("GET / HTTP/1.1\r\nHos")
      let body = try RawClient(port: port)
      try body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
      let silent = try RawClient(port: port)
      let idle = try RawClient(port: port)
      try idle.send(post("x"))
      #expect(try idle.answer().status == 200)
      #expect(try head.answer().status == 408)
      #expect(try body.answer().status == 408)
      #expect(try silent.readAll() == "")
      #expect(try idle.readAll() == "")
    }
  }

  @Test func tooManyConnectionsAreTurnedAway() throws {
    var limits = HTTPServerLimits()
    limits.connections = 1
    try withServer(limits: limits) { _, port in
      let first = try RawClient(port: port)
      try first.send(post("x"))
      #expect(try first.answer().status == 200)
      let second = try RawClient(port: port)
      #expect(try second.answer().status == 503)
      try first.send(post("y"))
      #expect(try first.answer().body == "y")
    }
  }

  // MARK: - The server

  @Test func connectionsAreSpreadOverLoops() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in exchange.respond(200, body: exchange.loop.name) }
    }
    try withServer(loops: 2, configure) { server, port in
      let clients = try (0..<4).map { _ in try RawClient(port: port) }
      var names: Set<String> = []
      for client in clients {
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        names.insert(try client.answer().body)
      }
      #expect(names == ["test-0", "test-1"])
      #expect(server.connectionCount == 4)
    }
  }

  @Test func listensOnIPv6AndSaysWhatIsTaken() throws {
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    let server = HTTPServer(loops: [loop]) { _ in ClosureService() }
    let (host, port) = try server.start(host: "::1", port: 0)
    #expect(host == "::1")
    let other = HTTPServer(loops: [loop]) { _ in ClosureService() }
    let error = #expect(throws: NetError.self) { try other.start(host: "::1", port: port) }
    #expect(error?.description == "cannot listen on ::1:\(port): address already in use")
  }

  @Test func drainingFinishesWhatRuns() async throws {
    let (begun, continuation) = AsyncStream.makeStream(of: HTTPExchange.self)
    let loop = try EventLoop(name: "test")
    loop.start()
    let server = HTTPServer(loops: [loop]) { _ in
      let service = ClosureService()
      service.serving = { exchange, _ in continuation.yield(exchange) }
      return service
    }
    let (_, port) = try server.start(host: "127.0.0.1", port: 0)
    let idle = try RawClient(port: port)
    let busy = try RawClient(port: port)
    try busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    var exchanges = begun.makeAsyncIterator()
    let exchange = await exchanges.next()!
    await withCheckedContinuation { done in
      server.drain(within: 5000) { done.resume() }
      loop.execute { exchange.respond(200, body: "last") }
      do {
        #expect(try busy.answer().body == "last")
        #expect(try idle.readAll() == "")
        #expect(try busy.readAll() == "")
        shutdown(busy.descriptor, Int32(SHUT_RDWR))
      } catch {
        Issue.record(error)
      }
    }
    #expect(server.connectionCount == 0)
    #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    loop.stop()
  }
}

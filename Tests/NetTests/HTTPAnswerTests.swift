import Glibc
import Net
import Testing
import Wire

@Suite(.timeLimit(.minutes(5)))
struct HTTPAnswerTests {
  @Test func headHasNoBody() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in exchange.respond(200, body: "12345") }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let answer = try client.answer(bodyless: true)
      #expect(answer.head.contains("Content-Length: 5\r\n"))
      #expect(try client.answer().body == "12345")
    }
  }

  @Test func answersWithoutContentHaveNoLength() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in exchange.respond(204) }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      for _ in 0..<2 {
        let answer = try client.answer()
        #expect(answer.status == 204)
        #expect(!answer.head.contains("Content-Length"))
      }
    }
  }

  @Test func streamsInChunksOrUntilTheEnd() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        exchange.begin(200, headers: [("Content-Type", "text/event-stream")], framing: .chunked)
        exchange.loop.execute {
          for text in ["one ", "two ", "three"] {
            let bytes = SharedBytes(text.utf8)
            exchange.write(bytes, from: 0, to: bytes.count)
          }
          exchange.loop.execute { exchange.finish() }
        }
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      for _ in 0..<2 {
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.head.contains("Transfer-Encoding: chunked"))
        #expect(answer.body == "one two three")
      }
      let old = try RawClient(port: port)
      try old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let answer = try old.answer()
      #expect(answer.head.contains("Connection: close"))
      #expect(answer.body == "one two three")
    }
  }

  @Test func oldClientsAreKeptWhenTheyAsk() throws {
    try withServer { _, port in
      let client = try RawClient(port: port)
      for _ in 0..<2 {
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.answer().head.contains("Connection: keep-alive"))
      }
      try client.send("GET / HTTP/1.0\r\n\r\n")
      #expect(try client.answer().head.contains("Connection: close"))
      #expect(try client.readAll() == "")
    }
  }

  @Test func anUnfinishedAnswerIsSeenAsBroken() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        exchange.begin(200, framing: .length(10))
        "12345".utf8.withContiguousStorageIfAvailable { exchange.write(UnsafeRawBufferPointer($0)) }
        exchange.loop.execute { exchange.finish() }
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(throws: RawClient.Failure.self) { try client.answer() }
    }
  }

  /// What was written before an answer broke off is delivered; then it must not look whole.
  @Test(arguments: [HTTPFraming.chunked, .length(400_000)]) func aBrokenAnswerIsDeliveredSoFar(
    framing: HTTPFraming
  ) throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        exchange.begin(200, framing: framing)
        Array(repeating: UInt8(ascii: "x"), count: 300_000).withUnsafeBytes { exchange.write($0) }
        exchange.abort()
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send(post("x"))
      let all = try client.readAll()
      #expect(all.count(where: { $0 == "x" }) >= 300_000)
      #expect(!all.hasSuffix("0\r\n\r\n"))
    }
  }

  /// A client that takes the end of the connection for the end of the body has to see an error.
  @Test func aBrokenAnswerToAnOldClientEndsInAnError() throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        exchange.begin(200, framing: .chunked)
        Array("so far".utf8).withUnsafeBytes { exchange.write($0) }
        exchange.abort()
      }
    }
    try withServer(configure) { _, port in
      let client = try RawClient(port: port)
      try client.send("POST /x HTTP/1.0\r\nContent-Length: 1\r\n\r\nx")
      #expect(throws: RawClient.Failure.self) { try client.readAll() }
    }
  }

  @Test func aSlowReaderGetsEverything() async throws {
    let text = [UInt8](String(repeating: "0123456789abcdef", count: 1 << 18).utf8)
    let (drained, continuation) = AsyncStream.makeStream(of: Int.self)
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        let bytes = text.withUnsafeBytes { SharedBytes(copying: $0) }
        exchange.begin(200, framing: .length(2 * text.count))
        exchange.write(bytes, from: 0, to: text.count)
        exchange.onDrain = {
          continuation.yield(exchange.queuedBytes)
          exchange.onDrain = nil
          exchange.write(bytes.raw)
          exchange.finish()
        }
        exchange.loop.execute { exchange.loop.execute { continuation.yield(exchange.queuedBytes) } }
      }
    }
    try await withRunningServer(configure) { port in
      let client = try RawClient(port: port)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      var queued = drained.makeAsyncIterator()
      #expect(await queued.next()! > 0)
      #expect(try client.answer(bodyless: true).status == 200)
      #expect(try client.read(2 * text.count) == text + text)
      #expect(await queued.next() == 0)
    }
  }
}

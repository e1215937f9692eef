import Testing
import Wire

@testable import Fetch

@Suite(.timeLimit(.minutes(5)))
struct FetchClientTests {
  let client = FetchClient(thread: FetchThread())

  @Test func sendsExactlyWhatItWasGiven() async throws {
    let server = RawServer { connection in
      guard let request = connection.readRequest() else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)")
    }
    defer { server.stop() }
    let request = FetchRequest(
      "POST", server.url + "/v1/x?a=b",
      headers: [.init("X-One", "1"), .init("x-empty", ""), .init("Authorization", "Bearer k")],
      body: SharedBytes("{}".utf8))
    let response = try await client.send(request)
    let echo = String(decoding: try await response.body.collect(limit: 10_000), as: UTF8.self)
    #expect(
      echo == "POST /v1/x?a=b HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nX-One: 1\r\nx-empty:\r\n"
        + "Authorization: Bearer k\r\nContent-Length: 2\r\n\r\n{}")
  }

  @Test(arguments: ["GET", "HEAD", "DELETE", "PUT", "POST", "PATCH", "OPTIONS"])
  func everyMethodWithoutABody(method: String) async throws {
    let server = RawServer { connection in
      while let request = connection.readRequest() {
        connection.send(
          "HTTP/1.1 200 OK\r\nX-Method: \(request.prefix { $0 != " " })\r\nContent-Length: 0\r\n\r\n")
      }
    }
    defer { server.stop() }
    // On one kept handle, so that no method's options stay behind.
    _ = try await client.send(FetchRequest("HEAD", server.url)).body.collect(limit: 0)
    let response = try await client.send(FetchRequest(method, server.url))
    #expect(response.header("x-method") == method)
    #expect(try await response.body.collect(limit: 0) == [])
    _ = try await client.send(FetchRequest("POST", server.url, body: SharedBytes("x".utf8)))
  }

  @Test func keepsHeadersVerbatimAndInOrder() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Here\r\nB: 2\r\na:  1 \r\nB: 3\r\nContent-Length: 2\r\n\r\nno"
      )
    }
    defer { server.stop() }
    let response = try await client.send(FetchRequest("GET", server.url))
    #expect(response.status == 404)
    #expect(
      response.headers == [.init("B", "2"), .init("a", "1"), .init("B", "3"), .init("Content-Length", "2")])
    #expect(try await response.body.collect(limit: 10) == Array("no".utf8))
  }

  @Test func readsChunkedBodies() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
      connection.send("2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")
    }
    defer { server.stop() }
    let response = try await client.send(FetchRequest("GET", server.url))
    #expect(try await response.body.collect(limit: 10) == Array("abcde".utf8))
  }

  @Test func aBodyLargerThanTheBufferIsPulledWhole() async throws {
    let size = 5_000_000
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send(
        "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n" + String(repeating: "x", count: size))
    }
    defer { server.stop() }
    let response = try await client.send(FetchRequest("GET", server.url))
    var count = 0
    for try await piece in response.body {
      #expect(piece.count < 600_000)
      count += piece.count
    }
    #expect(count == size)
  }

  @Test func refusesABodyBeyondTheLimit() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901")
    }
    defer { server.stop() }
    let response = try await client.send(FetchRequest("GET", server.url))
    await #expect { try await response.body.collect(limit: 10) } throws: { code($0) == .tooLarge }
  }

  @Test func keepsConnections() async throws {
    let server = RawServer { connection in
      while connection.readRequest() != nil {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    defer { server.stop() }
    for _ in 0..<10 {
      let response = try await client.send(FetchRequest("GET", server.url))
      #expect(try await response.body.collect(limit: 2).count == 2)
    }
    #expect(server.connectionCount == 1)
  }

  // MARK: Errors

  @Test func saysWhatBroke() async throws {
    let cases: [(String, reset: Bool, FetchError.Code)] = [
      ("", false, .reset),
      ("", true, .reset),
      ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false, .partialBody),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false, .partialBody),
      ("what is this\r\n\r\n", false, .malformedResponse),
    ]
    for (answer, resets, expected) in cases {
      let server = RawServer { connection in
        _ = connection.readRequest()
        connection.send(answer)
        if resets { connection.resetOnClose() }
      }
      defer { server.stop() }
      await #expect {
        try await client.send(FetchRequest("GET", server.url)).body.collect(limit: 100)
      } throws: {
        #expect(code($0) == expected, "after \(answer.debugDescription): \($0)")
        return true
      }
    }
  }

  @Test func handsOverWhatCameBeforeTheBreak() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    defer { server.stop() }
    let response = try await client.send(FetchRequest("GET", server.url))
    var all: [UInt8] = []
    do {
      for try await piece in response.body { all += piece }
      Issue.record("a cut body must not look whole")
    } catch {
      #expect(error.code == .partialBody)
    }
    #expect(all == Array("abc".utf8))
  }

  @Test func refusesWhatCannotBeSent() async {
    let requests = [
      FetchRequest("GET", "ftp://127.0.0.1/"), FetchRequest("G T", "http://127.0.0.1/"),
      FetchRequest("GET", "http://127.0.0.1/a b"), FetchRequest("GET", "http://"),
      FetchRequest("GET", "http://127.0.0.1/", headers: [.init("a", "b\r\nc: d")]),
      FetchRequest("GET", "http://127.0.0.1/", headers: [.init("a b", "c")]),
    ]
    for request in requests {
      await #expect { _ = try await client.send(request) } throws: {
        #expect(code($0) == .invalidRequest, "\(request.url): \($0)")
        return true
      }
    }
  }

  @Test func errorsNameTheHostAndNoSecret() async throws {
    let server = RawServer { _ in }
    server.stop()
    let url = "http://user:pass@127.0.0.1:\(server.port)/path?key=secret"
    await #expect { _ = try await client.send(FetchRequest("GET", url)) } throws: { error in
      #expect(code(error) == .couldNotConnect)
      #expect("\(error)".contains("127.0.0.1:\(server.port)"))
      return !"\(error)".contains("pass") && !"\(error)".contains("secret")
    }
  }

  // MARK: Timeouts

  @Test func firstByteTimeout() async {
    let server = RawServer { $0.waitForClose() }
    defer { server.stop() }
    let request = FetchRequest("GET", server.url, timeouts: .init(firstByte: .milliseconds(30)))
    await #expect { _ = try await client.send(request) } throws: { code($0) == .timeout(.firstByte) }
  }

  @Test func idleTimeout() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForClose()
    }
    defer { server.stop() }
    let request = FetchRequest("GET", server.url, timeouts: .init(idle: .milliseconds(30)))
    let response = try await client.send(request)
    await #expect { try await response.body.collect(limit: 10) } throws: { code($0) == .timeout(.idle) }
  }

  @Test func totalTimeout() async throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForClose()
    }
    defer { server.stop() }
    let request = FetchRequest("GET", server.url, timeouts: .init(total: .milliseconds(40)))
    let response = try await client.send(request)
    await #expect { try await response.body.collect(limit: 10) } throws: { code($0) == .timeout(.total) }
  }

  // MARK: Cancellation

  @Test func cancellingTheTaskClosesTheConnection() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let (closed, closing) = AsyncStream.makeStream(of: Void.self)
    let server = RawServer { connection in
      _ = connection.readRequest()
      arrival.yield()
      connection.waitForClose()
      closing.yield()
    }
    defer { server.stop() }
    let task = Task { try await client.send(FetchRequest("GET", server.url)) }
    for await _ in arrived { break }
    task.cancel()
    await #expect { _ = try await task.value } throws: { code($0) == .cancelled }
    for await _ in closed { break }
  }

  @Test func droppingTheBodyClosesTheConnection() async throws {
    let (closed, closing) = AsyncStream.makeStream(of: Void.self)
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForClose()
      closing.yield()
    }
    defer { server.stop() }
    do { _ = try await client.send(FetchRequest("GET", server.url)) }
    for await _ in closed { break }
  }

  @Test func endingTheThreadCancelsWhatRuns() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let server = RawServer { connection in
      _ = connection.readRequest()
      arrival.yield()
      connection.waitForClose()
    }
    defer { server.stop() }
    let exchange = FetchExchange()
    var thread: FetchThread? = FetchThread()
    let task = thread!.start(FetchRequest("GET", server.url), handler: exchange)
    for await _ in arrived { break }
    thread = nil
    await #expect { _ = try await exchange.head() } throws: { code($0) == .cancelled }
    task.cancel()
  }
}

private func code(_ error: any Error) -> FetchError.Code? { (error as? FetchError)?.code }

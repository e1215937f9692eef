import Testing
import Wire

@testable import Fetch

/// The multi as the gateway drives it: by an event loop, on one thread.
@Suite(.timeLimit(.minutes(5)))
struct CurlMultiTests {
  private func ok(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func bringsHeadBodyAndEnd() throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 201 Made\r\nX-B: 2\r\nx-a: 1\r\nContent-Length: 3\r\n\r\nabc")
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let handler = RecordingHandler()
    _ = try multi.start(FetchRequest("GET", server.url), handler: handler)
    multi.kick()
    #expect(loop.run(multi) { handler.end != nil })
    #expect(handler.head == "HTTP/1.1 201 Made\r\nX-B: 2\r\nx-a: 1\r\nContent-Length: 3\r\n")
    #expect(handler.body == Array("abc".utf8))
    #expect(handler.end?.error == nil && handler.end?.status == 201 && handler.end?.received == 3)
    #expect(handler.turns >= 1 && multi.runningCount == 0)
    multi.shutDown()
    #expect(loop.closed.count == 1)
  }

  @Test func reusesConnectionsAndHandles() throws {
    let server = RawServer { connection in
      while connection.readRequest() != nil { connection.send(ok("x")) }
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    for round in 0..<20 {
      let handler = RecordingHandler()
      _ = try multi.start(FetchRequest("POST", server.url, body: SharedBytes("{}".utf8)), handler: handler)
      #expect(loop.run(multi) { handler.end != nil })
      #expect(handler.end?.reusedConnection == (round > 0))
    }
    #expect(server.connectionCount == 1)
    multi.shutDown()
  }

  @Test func manyTransfersAtOnce() throws {
    let server = RawServer { connection in
      while let request = connection.readRequest() {
        connection.send(ok(String(request.split(separator: " ")[1])))
      }
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let handlers = (0..<100).map { _ in RecordingHandler() }
    for (number, handler) in handlers.enumerated() {
      _ = try multi.start(FetchRequest("GET", server.url + "/\(number)"), handler: handler)
    }
    #expect(loop.run(multi) { handlers.allSatisfy { $0.end != nil } })
    for (number, handler) in handlers.enumerated() { #expect(handler.body == Array("/\(number)".utf8)) }
    multi.shutDown()
  }

  @Test func pausesAndResumes() throws {
    let size = 3_000_000
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send(ok(String(repeating: "y", count: size)))
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let handler = RecordingHandler()
    var pauses = 0
    var atPause = 0
    handler.onBody = { [unowned handler] _ in
      guard handler.body.count - atPause > 100_000 else { return .proceed }
      atPause = handler.body.count
      pauses += 1
      return .pause
    }
    // The pause may outlast the idle timeout: only the sender's silence counts.
    let request = FetchRequest("GET", server.url, timeouts: .init(idle: .milliseconds(500)))
    let transfer = try multi.start(request, handler: handler)
    var resumed = 0
    let ended = loop.run(multi) {
      if pauses > resumed {
        #expect(handler.body.count == atPause)
        resumed += 1
        multi.resume(transfer)
      }
      return handler.end != nil
    }
    #expect(ended)
    #expect(handler.end?.error == nil && handler.body.count == size)
    #expect(pauses > 5)
    multi.shutDown()
  }

  @Test func cancelsInsideAndOutsideOfACallback() throws {
    let server = RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n")
      connection.waitForClose()
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let inside = RecordingHandler()
    inside.onBody = { transfer in
      multi.cancel(transfer)
      return .proceed
    }
    let cancelled = try multi.start(FetchRequest("GET", server.url), handler: inside)
    #expect(loop.run(multi) { multi.runningCount == 0 })
    #expect(inside.body == Array("a".utf8) && inside.end == nil)

    let outside = RecordingHandler()
    let transfer = try multi.start(FetchRequest("GET", server.url), handler: outside)
    #expect(loop.run(multi) { outside.body.count == 2 })
    multi.cancel(cancelled)  // stale: the handle serves the second transfer now
    #expect(multi.runningCount == 1)
    multi.cancel(transfer)
    #expect(multi.runningCount == 0 && outside.end == nil)
    multi.shutDown()
  }

  @Test func startsAgainFromTheEnd() throws {
    let server = RawServer { connection in
      while connection.readRequest() != nil { connection.send(ok("x")) }
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    var left = 5
    let handler = RecordingHandler()
    handler.onEnd = {
      left -= 1
      guard left > 0 else { return }
      _ = try? multi.start(FetchRequest("GET", server.url), handler: handler)
    }
    _ = try multi.start(FetchRequest("GET", server.url), handler: handler)
    #expect(loop.run(multi) { left == 0 })
    #expect(handler.body.count == 5 && server.connectionCount == 1)
    multi.shutDown()
  }

  @Test func deadlinesActOnTheLoop() throws {
    let server = RawServer { connection in
      guard let request = connection.readRequest() else { return }
      if request.hasPrefix("GET /idle") {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
      }
      connection.waitForClose()
    }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let first = RecordingHandler()
    let idle = RecordingHandler()
    let timeouts = FetchTimeouts(firstByte: .milliseconds(40), idle: .milliseconds(20))
    _ = try multi.start(FetchRequest("GET", server.url, timeouts: timeouts), handler: first)
    _ = try multi.start(FetchRequest("GET", server.url + "/idle", timeouts: timeouts), handler: idle)
    #expect(loop.run(multi) { first.end != nil && idle.end != nil })
    #expect(first.end?.error?.code == .timeout(.firstByte))
    #expect(idle.end?.error?.code == .timeout(.idle))
    multi.shutDown()
  }

  @Test func shutDownEndsWhatRuns() throws {
    let server = RawServer { $0.waitForClose() }
    defer { server.stop() }
    let loop = PollLoop()
    let multi = CurlMulti(poller: loop)
    let handler = RecordingHandler()
    let transfer = try multi.start(FetchRequest("GET", server.url), handler: handler)
    multi.kick()
    multi.shutDown()
    #expect(handler.end?.error?.code == .cancelled)
    multi.cancel(transfer)
    #expect(throws: FetchError.self) { try multi.start(FetchRequest("GET", server.url), handler: handler) }
  }
}

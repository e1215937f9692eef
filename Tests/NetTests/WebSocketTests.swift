import Glibc
import Net
import Testing
import Wire

/// A handler made of closures.
final class ClosureHandler: WebSocketHandler {
  var text: (WebSocketConnection, String) -> Void = { $0.send(text: $1) }
  var drain: (WebSocketConnection) -> Void = { _ in }
  var end: (WebSocketCloseCode) -> Void = { _ in }

  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {
    text(socket, String(decoding: payload, as: UTF8.self))
  }
  func drained(_ socket: WebSocketConnection) { drain(socket) }
  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) { end(code) }
}

/// The client's side of a WebSocket over a raw connection.
final class WebSocketClient {
  let raw: RawClient
  private var decoder = WebSocketDecoder(role: .client, maxMessage: 64 << 20)

  init(port: Int, behindRequest: [UInt8] = []) throws {
    raw = try RawClient(port: port)
    try raw.send(Array(WebSocketClient.request.utf8) + behindRequest)
    let answer = try raw.answer()
    guard answer.status == 101, answer.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
    else {
      throw RawClient.Failure(what: answer.head)
    }
  }

  /// The request of RFC 6455 §1.3.
  static let request =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

  static func frame(_ text: String, _ opcode: WebSocketOpcode = .text) -> [UInt8] {
    var writer = ByteWriter()
    Array(text.utf8).withUnsafeBytes { writer.append(maskedWebSocket: opcode, $0, mask: 0x1234_5678) }
    return Array(writer.raw)
  }

  func send(_ text: String, _ opcode: WebSocketOpcode = .text) throws {
    try raw.send(Self.frame(text, opcode))
  }

  /// The next message or control frame, as text.
  func next() throws -> String {
    while true {
      var byte = try raw.read(1)
      let step: String? = byte.withUnsafeMutableBytes { window in
        var at = 0
        func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
        switch decoder.next(window, from: &at) {
        case .needMore: return nil
        case .text(let payload): return text(payload)
        case .binary(let payload): return "binary \(payload.count)"
        case .ping(let payload): return "ping " + text(payload)
        case .pong(let payload): return "pong " + text(payload)
        case .close(let code, let reason): return "close \(code.rawValue) " + text(reason)
        case .error(let error): return "error " + error.message
        }
      }
      if let step { return step }
    }
  }
}

@Suite(.timeLimit(.minutes(5)))
struct WebSocketTests {
  private typealias Setup = @Sendable (ClosureHandler) -> Void

  private func service(maxMessage: Int = 1000, _ setup: @escaping Setup = { _ in })
    -> @Sendable (ClosureService) -> Void
  {
    { service in
      service.serving = { exchange, _ in
        let handler = ClosureHandler()
        setup(handler)
        _ = exchange.upgrade(handler, maxMessage: maxMessage)
      }
    }
  }

  @Test func echoes() throws {
    try withServer(service()) { _, port in
      let client = try WebSocketClient(port: port)
      for text in ["", "one", String(repeating: "é", count: 400)] {
        try client.send(text)
        #expect(try client.next() == text)
      }
      try client.send("hi", .ping)
      #expect(try client.next() == "pong hi")
    }
  }

  @Test(arguments: [false, true]) func framesRightBehindTheRequestAreNotLost(later: Bool) throws {
    let configure: @Sendable (ClosureService) -> Void = { service in
      service.serving = { exchange, _ in
        let upgrade: @Sendable () -> Void = { _ = exchange.upgrade(ClosureHandler(), maxMessage: 100) }
        later ? exchange.loop.execute(upgrade) : upgrade()
      }
    }
    try withServer(configure) { _, port in
      let frames = ["a", "b", "c"].flatMap { WebSocketClient.frame($0) }
      let client = try WebSocketClient(port: port, behindRequest: frames)
      for text in ["a", "b", "c"] { #expect(try client.next() == text) }
      try client.send("d")
      #expect(try client.next() == "d")
    }
  }

  @Test func theClientCloses() async throws {
    let (codes, continuation) = AsyncStream.makeStream(of: WebSocketCloseCode.self)
    try await withRunningServer(service { $0.end = { continuation.yield($0) } }) { port in
      let client = try WebSocketClient(port: port)
      try client.send("\u{3}\u{E8}bye".unicodeScalars.map { String($0) }.joined(), .ping)
      #expect(try client.next().hasPrefix("pong "))
      var frame = ByteWriter()
      [UInt8]([0x11, 0x2B]).withUnsafeBytes { frame.append(maskedWebSocket: .close, $0, mask: 7) }
      try client.raw.send(Array(frame.raw))
      #expect(try client.next() == "close 4395 ")
      #expect(try client.raw.readAll() == "")
      var ends = codes.makeAsyncIterator()
      #expect(await ends.next() == WebSocketCloseCode(4395))
    }
  }

  @Test func theServerCloses() async throws {
    let (codes, continuation) = AsyncStream.makeStream(of: WebSocketCloseCode.self)
    let configure = service { handler in
      handler.text = { socket, _ in socket.close(WebSocketCloseCode(4409), reason: "come back") }
      handler.end = { continuation.yield($0) }
    }
    try await withRunningServer(configure) { port in
      let client = try WebSocketClient(port: port)
      try client.send("x")
      #expect(try client.next() == "close 4409 come back")
      try client.raw.send([0x88, 0x80, 1, 2, 3, 4])
      #expect(try client.raw.readAll() == "")
      var ends = codes.makeAsyncIterator()
      #expect(await ends.next() == WebSocketCloseCode(4409))
    }
  }

  @Test func aClientThatVanishesIsTold() async throws {
    let (codes, continuation) = AsyncStream.makeStream(of: WebSocketCloseCode.self)
    try await withRunningServer(service { $0.end = { continuation.yield($0) } }) { port in
      var client: WebSocketClient? = try WebSocketClient(port: port)
      _ = client?.raw
      client = nil
      var ends = codes.makeAsyncIterator()
      #expect(await ends.next() == .abnormal)
    }
  }

  @Test(
    arguments: [
      ([0x81, 0x01, 0x61], "close 1002 A client's frame is not masked."),
      ([0x81, 0x81, 0, 0, 0, 0, 0xFF], "close 1007 A text message is not UTF-8."),
      ([0x82, 0xFE, 0x10, 0x00], "close 1009 A message is longer than 1000 bytes."),
      ([0x82, 0x81, 0, 0, 0, 0, 0xFF], "close 1003 Only text messages are taken here."),
    ] as [([UInt8], String)])
  func breachesAreClosedWithACode(_ bytes: [UInt8], _ close: String) throws {
    try withServer(service()) { _, port in
      let client = try WebSocketClient(port: port)
      try client.raw.send(bytes)
      #expect(try client.next() == close)
    }
  }

  @Test(arguments: [
    ("Upgrade: websocket\r\n", "", 426), ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
    ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400), ("GET", "POST", 400),
  ]) func badHandshakesAreRefused(_ part: String, _ replacement: String, status: Int) throws {
    try withServer(service()) { _, port in
      let client = try RawClient(port: port)
      let request = WebSocketClient.request.replacing("WebSocket\r\nConn", with: "websocket\r\nConn")
      try client.send(request.replacing(part, with: replacement))
      #expect(try client.answer().status == status)
    }
  }

  @Test func aPausedSocketHandsOutNothing() throws {
    let configure = service { handler in
      var paused = false
      handler.text = { socket, text in
        #expect(!paused)
        socket.send(text: text)
        guard text == "pause" else { return }
        paused = true
        socket.pauseReading()
        socket.loop.timer(after: 5) {
          paused = false
          socket.resumeReading()
        }
      }
    }
    try withServer(configure) { _, port in
      let client = try WebSocketClient(port: port)
      try client.raw.send(["pause", "a", "pause", "b"].flatMap { WebSocketClient.frame($0) })
      try client.send("c")
      for text in ["pause", "a", "pause", "b", "c"] { #expect(try client.next() == text) }
    }
  }

  @Test func sharedFramesReachSlowReadersWhole() async throws {
    let (queued, continuation) = AsyncStream.makeStream(of: Int.self)
    let count = 200
    let configure = service { handler in
      var writer = ByteWriter()
      for number in 0..<count {
        let text = [UInt8](repeating: UInt8(number), count: 40_000)
        text.withUnsafeBytes { writer.append(webSocket: .binary, $0) }
      }
      let frames = SharedBytes(taking: writer)
      let size = frames.count / count
      handler.text = { socket, _ in
        for number in 0..<count { socket.sendFramed(frames, from: number * size, to: (number + 1) * size) }
        // Two iterations later the socket has taken what it can.
        socket.loop.execute { socket.loop.execute { continuation.yield(socket.queuedBytes) } }
      }
      handler.drain = { socket in
        continuation.yield(socket.queuedBytes)
        socket.send(text: "drained")
      }
    }
    try await withRunningServer(configure) { port in
      let client = try WebSocketClient(port: port)
      try client.send("go")
      var sizes = queued.makeAsyncIterator()
      #expect(await sizes.next()! > 0)
      for number in 0..<count {
        let frame = try client.raw.read(40_004)
        #expect(frame[4...].allSatisfy { $0 == UInt8(number) })
      }
      #expect(await sizes.next() == 0)
      #expect(try client.next() == "drained")
    }
  }

  @Test func drainingSaysGoingAway() async throws {
    let loop = try EventLoop(name: "test")
    let configure = service()
    let server = HTTPServer(loops: [loop]) { _ in
      let service = ClosureService()
      configure(service)
      return service
    }
    loop.start()
    let (_, port) = try server.start(host: "127.0.0.1", port: 0)
    let client = try WebSocketClient(port: port)
    try client.send("x")
    #expect(try client.next() == "x")
    await withCheckedContinuation { done in
      server.drain(within: 5000) { done.resume() }
      #expect(throws: Never.self) {
        #expect(try client.next() == "close 1001 The server stops.")
        try client.raw.send([0x88, 0x80, 1, 2, 3, 4])
      }
    }
    loop.stop()
  }
}

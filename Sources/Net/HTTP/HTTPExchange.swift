package import Wire

/// How the end of an answer's body is told.
package enum HTTPFraming: Equatable, Sendable {
  /// In chunks; HTTP/1.0 clients get `untilClose`.
  case chunked
  /// Exactly so many bytes.
  case length(Int)
  /// By closing the connection.
  case untilClose
}

/// One request and its answer.
///
/// `@unchecked Sendable`: it belongs to its loop; the reference may travel through another thread and come
/// back with `loop.execute`, but is used only on the loop.
package final class HTTPExchange: @unchecked Sendable {
  package let head: HTTPRequestHead
  package let peer: PeerAddress
  package let loop: EventLoop
  /// The service's own.
  package var state: AnyObject?
  /// Called each time that all bytes which had to wait for the peer were written.
  package var onDrain: (() -> Void)?
  /// Called once if the peer went away before `finish`; nothing can be written any more.
  ///
  /// Without it a peer that only stopped sending still gets its answer.
  package var onClose: (() -> Void)? {
    didSet { if onClose != nil { driver?.closeHandlerSet() } }
  }

  enum Phase { case waiting, streaming, finished }

  private(set) var phase = Phase.waiting
  /// Gone once the answer is finished or the connection closed, which breaks the cycle. Not weak: weak
  /// references make every retain of the driver slow.
  private var driver: HTTPDriver?
  private var framing = HTTPFraming.length(0)
  /// Bytes still owed of a body with a length.
  private var owed = 0
  private var sendsBody = true

  init(_ head: HTTPRequestHead, _ driver: HTTPDriver) {
    self.head = head
    self.driver = driver
    peer = driver.connection.peer
    loop = driver.connection.loop
  }

  /// Bytes accepted for writing that the socket has not taken yet.
  package var queuedBytes: Int { driver?.connection.queuedBytes ?? 0 }
  /// Bytes that the socket has taken since the connection began.
  package var takenBytes: Int { driver?.connection.takenBytes ?? 0 }
  /// Nothing can be written any more: the answer is finished or the peer is gone.
  package var isOver: Bool { phase == .finished || driver == nil }
  /// The answer's body goes in chunks: what `writeFramed` is for.
  package var isChunked: Bool { framing == .chunked }
  /// A part of the answer was written.
  package var hasBegun: Bool { phase != .waiting }

  // MARK: - A whole answer

  /// Answers at once.
  package func respond(
    _ status: Int, headers: [(name: String, value: String)] = [], body: UnsafeRawBufferPointer
  ) {
    begin(status, headers: headers, framing: .length(body.count))
    write(body)
    finish()
  }

  package func respond(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8]) {
    body.withUnsafeBytes { respond(status, headers: headers, body: $0) }
  }

  package func respond(_ status: Int, headers: [(name: String, value: String)] = [], body: String = "") {
    var body = body
    body.withUTF8 { respond(status, headers: headers, body: UnsafeRawBufferPointer($0)) }
  }

  package func respond(_ status: Int, headers: [(name: String, value: String)] = [], body: SharedBytes) {
    begin(status, headers: headers, framing: .length(body.count))
    write(body, from: 0, to: body.count)
    finish()
  }

  // MARK: - A streamed answer

  /// Begins an answer with these fields, a Date and what the framing needs.
  package func begin(
    _ status: Int, reason: String? = nil, headers: [(name: String, value: String)] = [], framing: HTTPFraming
  ) {
    begin(status, reason: reason, framing: framing) { head in
      var hasDate = false
      for (name, value) in headers {
        head.append(httpField: name, value)
        if name == "Date" || name == "date" { hasDate = true }
      }
      if !hasDate { head.append(httpField: "Date", loop.shared.httpDate) }
    }
  }

  /// Begins an answer whose fields the caller writes itself, each with its CR LF; only what the framing needs
  /// is added (`Content-Length`, `Transfer-Encoding`, `Connection`).
  package func begin(
    _ status: Int, reason: String? = nil, framing: HTTPFraming, fields: (inout ByteWriter) -> Void
  ) {
    guard phase == .waiting, let driver else { return }
    phase = .streaming
    driver.answerBegins(head)
    self.framing = framing == .chunked && head.minorVersion == 0 ? .untilClose : framing
    if self.framing == .untilClose { driver.keepsAlive = false }
    let bodyless = status == 204 || status == 304 || status < 200
    sendsBody = !bodyless && head.method != .head
    driver.connection.writeScratch { out in
      out.append(httpStatus: status, reason: reason)
      fields(&out)
      switch self.framing {
      case .length(let count):
        owed = count
        if !bodyless { out.append(httpField: "Content-Length", count) }
      case .chunked:
        if !bodyless { out.append("Transfer-Encoding: chunked\r\n") }
      case .untilClose: break
      }
      if !driver.keepsAlive {
        out.append("Connection: close\r\n")
      } else if head.minorVersion == 0 {
        out.append("Connection: keep-alive\r\n")
      }
      out.append("\r\n")
    }
  }

  /// Writes body bytes, framed as the answer was begun. All writes of an iteration leave together.
  package func write(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0, let connection = takes(bytes.count) else { return }
    if framing == .chunked {
      connection.writeScratch { $0.append(chunkSize: bytes.count) }
      connection.write(bytes)
      connection.writeScratch { $0.append("\r\n") }
    } else {
      connection.write(bytes)
    }
  }

  /// Writes `bytes[from..<to]` without a copy, framed as the answer was begun.
  package func write(_ bytes: SharedBytes, from: Int, to: Int) {
    guard from < to, let connection = takes(to - from) else { return }
    if framing == .chunked {
      connection.writeScratch { $0.append(chunkSize: to - from) }
      connection.write(bytes, from: from, to: to)
      connection.writeScratch { $0.append("\r\n") }
    } else {
      connection.write(bytes, from: from, to: to)
    }
  }

  /// Writes `bytes[from..<to]` as they are, without a copy: in a chunked answer they must be whole chunks.
  package func writeFramed(_ bytes: SharedBytes, from: Int, to: Int) {
    guard phase == .streaming, sendsBody, let driver else { return }
    driver.connection.write(bytes, from: from, to: to)
  }

  /// Ends the answer. If fewer bytes were written than announced, the connection is aborted.
  package func finish() {
    guard phase == .streaming, let driver else { return }
    if sendsBody, case .length = framing, owed > 0 { return abort() }
    phase = .finished
    if sendsBody, framing == .chunked { driver.connection.writeScratch { $0.append("0\r\n\r\n") } }
    letGo()
    driver.answerFinished()
  }

  /// Ends the connection once what was written has left, so that nobody takes it for a whole answer.
  package func abort() {
    guard phase != .finished, let driver else { return }
    phase = .finished
    letGo()
    // Only of a body that the end of the connection ends must the end be an error.
    driver.answerBroke(resets: framing == .untilClose)
  }

  /// The connection that takes `count` more body bytes, unless none may be written.
  private func takes(_ count: Int) -> Connection? {
    guard phase == .streaming, sendsBody, let driver else { return nil }
    if case .length = framing {
      precondition(count <= owed, "an answer is longer than its Content-Length")
      owed -= count
    }
    return driver.connection
  }

  // MARK: - WebSocket

  /// Whether the request asks for a WebSocket (RFC 6455 §4.2.1).
  package var isWebSocketRequest: Bool {
    head.method == .get && head.wantsUpgrade && head.field("upgrade", contains: "websocket")
  }

  /// Answers 101 and hands the connection to `handler`; nil, and the request is answered 400 or 426, if it
  /// cannot become a WebSocket.
  package func upgrade(
    _ handler: any WebSocketHandler, protocol: String? = nil, maxMessage: Int
  ) -> WebSocketConnection? {
    guard phase == .waiting, let driver else { return nil }
    let accept: String
    switch webSocketAccept(head) {
    case .success(let key): accept = key
    case .failure(let error):
      respond(
        error.status, headers: error.status == 426 ? [("Sec-WebSocket-Version", "13")] : [],
        body: error.message)
      return nil
    }
    phase = .finished
    let connection = driver.connection
    connection.writeScratch { out in
      out.append(httpStatus: 101)
      out.append("Upgrade: websocket\r\nConnection: Upgrade\r\n")
      out.append(httpField: "Sec-WebSocket-Accept", accept)
      if let `protocol` { out.append(httpField: "Sec-WebSocket-Protocol", `protocol`) }
      out.append("\r\n")
    }
    endIfSilent()
    letGo()
    let socket = WebSocketConnection(connection, handler, maxMessage: maxMessage)
    driver.replaced(by: socket.driver)
    return socket
  }

  /// For an answer that has no end: its peer may vanish without a word.
  package func endIfSilent() {
    guard let driver else { return }
    driver.connection.closeIfSilent(for: driver.limits.silenceSeconds)
  }

  // MARK: - From the driver

  func peerClosed() {
    guard phase != .finished else { return }
    phase = .finished
    driver = nil
    let tell = onClose
    onClose = nil
    tell?()
    letGo()
  }

  private func letGo() {
    driver = nil
    onClose = nil
    onDrain = nil
    state = nil
  }
}

import Wire

/// Speaks WebSocket on a connection.
final class WebSocketDriver: ConnectionDriver {
  /// Pongs are not queued behind more than this.
  private static let pongLimit = 64 << 10
  /// How long the peer gets to answer a close frame.
  private static let closeSeconds: UInt64 = 2

  let connection: Connection
  private let handler: any WebSocketHandler
  private var decoder: WebSocketDecoder
  /// Set at once after the initializer; gone with the connection.
  var socket: WebSocketConnection?
  private var pending: PaddedBuffer?
  private var isPaused = false
  private var isDecoding = false
  /// The code that `closed` tells.
  private var code = WebSocketCloseCode.abnormal
  private(set) var isClosing = false
  private var hasEnded = false
  private var peerHasClosed = false
  private(set) var lastHeard: UInt64

  init(_ connection: Connection, _ handler: any WebSocketHandler, maxMessage: Int) {
    self.connection = connection
    self.handler = handler
    decoder = WebSocketDecoder(role: .server, maxMessage: maxMessage)
    lastHeard = connection.loop.now
  }

  /// Begins with what the peer sent behind its request.
  func start(_ rest: PaddedBuffer?) {
    pending = rest
    connection.startReading()
    if rest != nil { connection.resumeSoon() }
  }

  // MARK: - Input

  func received(_ bytes: UnsafeMutableRawBufferPointer) {
    guard !hasEnded else { return }
    lastHeard = connection.loop.now
    guard pending == nil else {
      pending!.append(UnsafeRawBufferPointer(bytes))
      return decodePending()
    }
    let taken = decode(bytes)
    if taken < bytes.count, !connection.isClosed {
      let buffer = PaddedBuffer(capacity: bytes.count - taken)
      buffer.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
      pending = buffer
    }
  }

  private func decodePending() {
    guard let buffer = pending, !isDecoding else { return }
    let taken = decode(buffer.bytes)
    if taken == buffer.count { pending = nil } else { buffer.removeFirst(taken) }
  }

  /// Hands out messages until the window is used up or the handler has paused; says how much was taken.
  private func decode(_ window: UnsafeMutableRawBufferPointer) -> Int {
    isDecoding = true
    defer { isDecoding = false }
    var at = 0
    while !isPaused, !connection.isClosed, let socket {
      switch decoder.next(window, from: &at) {
      case .needMore: return at
      case .text(let payload): if !isClosing { handler.message(socket, text: payload) }
      case .binary(let payload): if !isClosing { handler.message(socket, binary: payload) }
      case .ping(let payload): answer(payload)
      case .pong: handler.pong(socket)
      case .close(let code, _):
        peerCloses(code)
        return window.count
      case .error(let error):
        fail(error)
        return window.count
      }
    }
    return connection.isClosed ? window.count : at
  }

  private func answer(_ payload: UnsafeRawBufferPointer) {
    guard !isClosing, connection.queuedBytes < WebSocketDriver.pongLimit else { return }
    connection.writeScratch { $0.append(webSocket: .pong, payload) }
  }

  private func peerCloses(_ code: WebSocketCloseCode) {
    peerHasClosed = true
    if !isClosing {
      isClosing = true
      self.code = code
      connection.writeScratch { out in
        if code == .noStatus {
          out.append(webSocketHead: .close, count: 0)
        } else {
          out.append(webSocketClose: code)
        }
      }
    }
    end()
  }

  private func fail(_ error: WebSocketError) {
    close(error.code, reason: error.message)
    end()
  }

  /// Both sides have said their last word.
  private func end() {
    hasEnded = true
    isPaused = false
    pending = nil
    connection.shutDownWhenWritten()
    connection.setDeadline(seconds: WebSocketDriver.closeSeconds)
    connection.startReading()
  }

  // MARK: - Control

  func close(_ code: WebSocketCloseCode, reason: String) {
    guard !isClosing else { return }
    isClosing = true
    self.code = code
    connection.writeScratch { $0.append(webSocketClose: code, reason: reason) }
    connection.setDeadline(seconds: WebSocketDriver.closeSeconds)
    resume()
  }

  func pause() {
    guard !isClosing else { return }
    isPaused = true
    connection.stopReading()
  }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    connection.startReading()
    if pending != nil { connection.resumeSoon() }
  }

  func resumed() { decodePending() }

  func drained() { if let socket, !isClosing { handler.drained(socket) } }

  func ended() { connection.close() }

  func finishedWriting() { if peerHasClosed { connection.close() } }

  func timedOut() { connection.close() }

  func drain() { if let socket, !isClosing { handler.goingAway(socket) } }

  func closed() {
    guard let socket else { return }
    isClosing = true
    self.socket = nil
    handler.closed(socket, code: code)
  }
}

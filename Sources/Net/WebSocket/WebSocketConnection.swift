package import Wire

/// Whoever a WebSocket belongs to. All calls come on its loop; the socket holds its handler until `closed`.
package protocol WebSocketHandler: AnyObject {
  /// A message arrived; the payload is valid during the call and has 64 readable bytes behind it.
  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer)
  func message(_ socket: WebSocketConnection, binary payload: UnsafeRawBufferPointer)
  /// All bytes that had to wait for the peer were written.
  func drained(_ socket: WebSocketConnection)
  /// A pong arrived; `lastHeard` tells of all signs of life.
  func pong(_ socket: WebSocketConnection)
  /// The server stops soon; by default the socket is closed with 1001.
  func goingAway(_ socket: WebSocketConnection)
  /// The socket is gone, for whichever reason; the last call. 1006 when there was no close frame.
  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode)
}

extension WebSocketHandler {
  package func message(_ socket: WebSocketConnection, binary payload: UnsafeRawBufferPointer) {
    socket.close(.unsupportedData, reason: "Only text messages are taken here.")
  }
  package func drained(_ socket: WebSocketConnection) {}
  package func pong(_ socket: WebSocketConnection) {}
  package func goingAway(_ socket: WebSocketConnection) {
    socket.close(.goingAway, reason: "The server stops.")
  }
}

/// An open WebSocket.
///
/// `@unchecked Sendable`: it belongs to its loop; the reference may travel, but is used only on the loop.
package final class WebSocketConnection: @unchecked Sendable {
  package let loop: EventLoop
  package let peer: PeerAddress
  let driver: WebSocketDriver

  init(_ connection: Connection, _ handler: any WebSocketHandler, maxMessage: Int) {
    loop = connection.loop
    peer = connection.peer
    driver = WebSocketDriver(connection, handler, maxMessage: maxMessage)
    driver.socket = self
  }

  /// A close frame was sent or received, or the connection is gone: nothing is sent any more.
  package var isClosing: Bool { driver.isClosing }
  /// Bytes accepted for sending that the socket has not taken yet.
  package var queuedBytes: Int { driver.connection.queuedBytes }
  /// Bytes that the socket has taken since the connection began.
  package var takenBytes: Int { driver.connection.takenBytes }
  /// Monotonic nanoseconds of the last byte from the peer.
  package var lastHeard: UInt64 { driver.lastHeard }

  package func send(text: String) {
    var text = text
    text.withUTF8 { send(.text, UnsafeRawBufferPointer($0)) }
  }

  package func send(text: UnsafeRawBufferPointer) { send(.text, text) }
  package func send(binary: UnsafeRawBufferPointer) { send(.binary, binary) }

  private func send(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) {
    guard !isClosing else { return }
    driver.connection.writeScratch { $0.append(webSocketHead: opcode, count: payload.count) }
    driver.connection.write(payload)
  }

  /// Sends `frames[from..<to]`, which must be whole frames of a server, without a copy. All that is sent in an
  /// iteration of the loop leaves in one system call.
  package func sendFramed(_ frames: SharedBytes, from: Int, to: Int) {
    guard !isClosing else { return }
    driver.connection.write(frames, from: from, to: to)
  }

  package func ping() {
    guard !isClosing else { return }
    driver.connection.writeScratch { $0.append(webSocketHead: .ping, count: 0) }
  }

  /// Sends a close frame and ends the connection when the peer has answered, or after 2 s.
  package func close(_ code: WebSocketCloseCode, reason: String = "") { driver.close(code, reason: reason) }

  /// Breaks the connection without a close frame.
  package func abort() { driver.connection.close(reset: true) }

  /// Hands out no more messages until `resumeReading`, and lets the peer feel it.
  package func pauseReading() { driver.pause() }

  package func resumeReading() { driver.resume() }
}

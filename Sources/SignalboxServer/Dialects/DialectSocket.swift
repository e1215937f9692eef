internal import Net
internal import Wire

/// A WebSocket that watches in a dialect. What its client says is of no interest, unless a subclass says otherwise.
class DialectSocket: WebSocketHandler, ViewerTransport {
  let hub: LiveHub
  /// Let go when it is closed; not weak, for a weak reference would slow every delivery.
  private(set) var socket: WebSocketConnection?
  private(set) var viewer: Viewer?

  init(hub: LiveHub) { self.hub = hub }

  /// Ties it to its open connection.
  func begin(on socket: WebSocketConnection) { self.socket = socket }

  /// Begins to watch from an offset on; what it watched before, it watches no more.
  func watch(_ request: LiveRequest, in dialect: Dialect, from offset: UInt64, caughtUp: (() -> Void)? = nil)
  {
    if let viewer { hub.remove(viewer) }
    let viewer = Viewer(request: request, format: .dialect(dialect), transport: self)
    self.viewer = viewer
    viewer.caughtUp = caughtUp
    hub.add(viewer, from: offset)
    if let socket { hub.end(viewer, at: request.visitor.expires, on: socket.loop) }
  }

  /// Says something of the server's own. A client that reads nothing does not fill our memory with answers.
  func say(_ json: borrowing ByteWriter) {
    guard let socket, socket.queuedBytes < 256 << 10 else { return }
    socket.send(text: json.raw)
  }

  // MARK: ViewerTransport

  var queuedBytes: Int { socket?.queuedBytes ?? 0 }
  var takenBytes: Int { socket?.takenBytes ?? 0 }

  func send(_ bytes: SharedBytes) { socket?.sendFramed(bytes, from: 0, to: bytes.count) }

  func close(_ reason: ViewerClose) {
    socket?.close(WebSocketCloseCode(reason.code), reason: reason.reason)
  }

  // MARK: WebSocketHandler

  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {}
  func message(_ socket: WebSocketConnection, binary payload: UnsafeRawBufferPointer) {}

  func drained(_ socket: WebSocketConnection) {
    if let viewer { hub.drained(viewer) }
  }

  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) {
    if let viewer { hub.remove(viewer) }
    viewer = nil
    self.socket = nil
  }
}

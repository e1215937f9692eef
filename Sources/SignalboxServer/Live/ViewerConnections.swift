internal import Net
internal import Wire

/// A viewer on a WebSocket.
final class WebSocketViewer: WebSocketHandler, ViewerTransport {
  private let hub: LiveHub
  /// Let go when it is closed, so it is not weak: a weak reference would slow every delivery.
  private var socket: WebSocketConnection?
  private(set) var viewer: Viewer?

  init(hub: LiveHub) { self.hub = hub }

  /// Ties the viewer to its open socket.
  func begin(_ viewer: Viewer, on socket: WebSocketConnection) {
    self.viewer = viewer
    self.socket = socket
  }

  // MARK: ViewerTransport

  var queuedBytes: Int { socket?.queuedBytes ?? 0 }
  var takenBytes: Int { socket?.takenBytes ?? 0 }

  func send(_ bytes: SharedBytes) { socket?.sendFramed(bytes, from: 0, to: bytes.count) }

  func close(_ reason: ViewerClose) {
    socket?.close(WebSocketCloseCode(reason.code), reason: reason.reason)
  }

  // MARK: WebSocketHandler

  /// A viewer has nothing to say; what it says is not an error either.
  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {}

  func drained(_ socket: WebSocketConnection) {
    if let viewer { hub.drained(viewer) }
  }

  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) {
    if let viewer { hub.remove(viewer) }
    viewer = nil
    self.socket = nil
  }
}

/// A viewer on a stream of server-sent events.
final class SSEViewer: ViewerTransport {
  private let exchange: HTTPExchange

  init(_ exchange: HTTPExchange) {
    self.exchange = exchange
    exchange.endIfSilent()
  }

  var queuedBytes: Int { exchange.queuedBytes }
  var takenBytes: Int { exchange.takenBytes }

  func send(_ bytes: SharedBytes) { exchange.writeFramed(bytes, from: 0, to: bytes.count) }

  /// A browser comes back by itself with its Last-Event-ID, and is told then whether that is still good.
  func close(_ reason: ViewerClose) { exchange.finish() }
}

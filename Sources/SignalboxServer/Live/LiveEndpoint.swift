internal import Net
internal import SignalboxLog
internal import Wire

/// `GET /v1/live`: finds out where a viewer begins, opens its connection and hands it to the hub.
///
/// `@unchecked Sendable`: it belongs to its loop, and comes back there from a reader's thread.
final class LiveEndpoint: @unchecked Sendable {
  private let hub: LiveHub
  private let log: EventLog
  private let readers: ReaderPool

  init(hub: LiveHub, log: EventLog, readers: ReaderPool) {
    self.hub = hub
    self.log = log
    self.readers = readers
  }

  /// Serves what a visitor asks for, as far as it may be seen; fails where it names what may not.
  func serve(_ exchange: HTTPExchange, _ visitor: Visitor) throws(APIError) {
    var request: LiveRequest
    do throws(QueryError) { request = try LiveRequest(parameters: exchange.head.query.items) } catch {
      return exchange.respond(APIError(error))
    }
    request.filter = try visitor.grant.narrow(request.filter)
    request.visitor = visitor
    // Whoever comes back with what it saw last goes on there, whatever its URL says.
    guard exchange.head.value("last-event-id") == nil else { return resume(exchange, request) }
    switch request.start {
    case .now: open(exchange, request, from: hub.tip)
    case .after: resume(exchange, request)
    case .beginning: findBeginning(exchange, request)
    }
  }

  // MARK: Where to begin

  /// Goes on behind a position, that of the query or the one that a browser's EventSource repeats.
  private func resume(_ exchange: HTTPExchange, _ request: LiveRequest) {
    let lastEvent = exchange.head.value("last-event-id")
    // A browser repeats the URL it was made with; what it saw last is the newer of the two.
    let named = lastEvent.flatMap { Position($0) }
    let position: Position?
    if case .after(let asked) = request.start { position = named ?? asked } else { position = named }
    guard let position else {
      return refuse(exchange, "'\(lastEvent ?? "")' is not a position", browser: true)
    }
    switch log.validate(position) {
    case .valid(let offset): open(exchange, request, from: offset + 1)
    case .unknownEpoch:
      refuse(exchange, "The position \(position) is not of this log", browser: lastEvent != nil)
    case .ahead:
      refuse(exchange, "The position \(position) lies ahead of this log", browser: lastEvent != nil)
    case .trimmed:
      refuse(exchange, "What came after \(position) is no longer kept", browser: lastEvent != nil)
    }
  }

  /// Never a partial resume that looks whole: WebSockets are closed with 4409, SSE gets 410 before any byte,
  /// and a browser's EventSource, which hides a 410, an event that says so.
  private func refuse(_ exchange: HTTPExchange, _ reason: String, browser: Bool) {
    if exchange.isWebSocketRequest {
      let handler = WebSocketViewer(hub: hub)
      exchange.upgrade(
        handler, protocol: Credential.accepted(exchange.head), maxMessage: Self.maxMessage)?
        .close(WebSocketCloseCode(ViewerClose.reset.code), reason: reason)
    } else if browser {
      exchange.begin(200, headers: Self.streamHeaders, framing: .untilClose)
      var writer = ByteWriter()
      writer.append("retry: 3600000\nevent: reset\nid:\ndata: {\"control\":\"reset\",\"message\":")
      writer.append(jsonString: reason)
      writer.append("}\n\n")
      exchange.write(writer.raw)
      exchange.finish()
    } else {
      exchange.respond(
        APIError(
          410, "position_gone", reason, field: "after",
          hint: "Start anew: without after=, or with from=start"))
    }
  }

  private func findBeginning(_ exchange: HTTPExchange, _ request: LiveRequest) {
    let filter = request.filter
    // Before the reader looks: what it does not see yet comes behind this, even if it has come by the time of its answer.
    let tip = hub.tip
    let accepted = readers.submit { [weak self] reader in
      // A reader that fails here fails again when the page is read, and is told then.
      let offset = try? reader.firstOffset(matching: filter)
      exchange.loop.execute { [self] in
        guard let self, !exchange.isOver else { return }
        open(exchange, request, from: offset ?? tip)
      }
    }
    if !accepted {
      exchange.respond(
        APIError(503, "overloaded", "Too many requests are waiting to read the log", retryAfter: 1))
    }
  }

  // MARK: Opening

  /// Viewers say nothing of length.
  private static let maxMessage = 4096

  static let streamHeaders: [(name: String, value: String)] = [
    ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
  ]

  private func open(_ exchange: HTTPExchange, _ request: LiveRequest, from offset: UInt64) {
    if exchange.isWebSocketRequest {
      openSocket(exchange, request, from: offset)
    } else if exchange.head.wantsUpgrade {
      // Says what is wrong with the handshake.
      _ = exchange.upgrade(WebSocketViewer(hub: hub), maxMessage: Self.maxMessage)
    } else {
      openStream(exchange, request, from: offset)
    }
  }

  private func openSocket(_ exchange: HTTPExchange, _ request: LiveRequest, from offset: UInt64) {
    let handler = WebSocketViewer(hub: hub)
    let accepted = Credential.accepted(exchange.head)
    guard let socket = exchange.upgrade(handler, protocol: accepted, maxMessage: Self.maxMessage) else {
      return
    }
    let viewer = Viewer(
      request: request, format: .webSocket, view: request.visitor.view, transport: handler)
    handler.begin(viewer, on: socket)
    handler.send(hub.control("hello", as: .webSocket, at: offset))
    hub.add(viewer, from: offset)
    hub.end(viewer, at: request.visitor.expires, on: exchange.loop)
  }

  private func openStream(_ exchange: HTTPExchange, _ request: LiveRequest, from offset: UInt64) {
    exchange.begin(200, headers: Self.streamHeaders, framing: .untilClose)
    let transport = SSEViewer(exchange)
    let viewer = Viewer(request: request, format: .sse, view: request.visitor.view, transport: transport)
    exchange.onDrain = { [hub] in hub.drained(viewer) }
    exchange.onClose = { [hub] in hub.remove(viewer) }
    transport.send(hub.control("hello", as: .sse, at: offset))
    hub.add(viewer, from: offset)
    hub.end(viewer, at: request.visitor.expires, on: exchange.loop)
  }
}

internal import JSONScan
internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// The sockets and streams in other systems' formats: finds out who may come in and where a viewer begins, opens its
/// connection and hands it to the hub.
///
/// `@unchecked Sendable`: it belongs to its loop, and comes back there from a reader's thread.
final class DialectEndpoint: @unchecked Sendable {
  let hub: LiveHub
  let log: EventLog
  let parser = JSONParser()
  let chat: SessionChat
  private let readers: ReaderPool
  private let access: DialectAccess

  init(hub: LiveHub, shared: ServerShared, gatekeeper: Gatekeeper, loop: EventLoop) {
    self.hub = hub
    log = shared.log
    readers = shared.readers
    access = DialectAccess(gatekeeper: gatekeeper)
    chat = SessionChat(
      log: shared.log, desk: shared.chat, stores: shared.configuration.storesChat, loop: loop)
  }

  func serve(_ exchange: HTTPExchange, _ route: DialectRoute) {
    do throws(APIError) {
      let query = try Self.query(exchange.head)
      switch route {
      case .session: try openSession(exchange, query)
      case .chain(let id): try openChain(Self.id(id, "chain id"), exchange, query)
      case .simWorks(let id): try openSimWorks(Self.id(id, "session id"), exchange, query)
      }
    } catch {
      refuse(exchange, error)
    }
  }

  private static func query(_ head: HTTPRequestHead) throws(APIError) -> DialectQuery {
    do { return try DialectQuery(head.query) } catch { throw APIError(error) }
  }

  private static func id(_ id: String, _ name: String) throws(APIError) -> String {
    var text = id
    guard text.withUTF8({ EventRules.isID(UnsafeRawBufferPointer($0)) }) else {
      throw APIError(
        400, "invalid_parameter", "That is no \(name): it is 1 to 64 of A-Z a-z 0-9 _ -", field: name)
    }
    return id
  }

  /// A browser's page is not told the status of a handshake, so who may not come in is let in and shown out, with the
  /// code that says why; all else is plain HTTP.
  private func refuse(_ exchange: HTTPExchange, _ error: APIError) {
    access.note(error, exchange)
    let code: UInt16
    switch error.status {
    case 401: code = 4401
    case 403: code = 4403
    default: return exchange.respond(error)
    }
    guard exchange.isWebSocketRequest else { return exchange.respond(error) }
    exchange.upgrade(
      DialectSocket(hub: hub), protocol: Credential.accepted(exchange.head), maxMessage: 1024)?
      .close(WebSocketCloseCode(code), reason: error.message)
  }

  private func request(
    _ kind: Dialect.Kind, _ options: Dialect.Options, _ pass: DialectPass
  ) -> (LiveRequest, Dialect) {
    let dialect = Dialect(kind, pass.content ? options : options.union(.withoutContent))
    var request = LiveRequest()
    request.filter = pass.filter
    request.filter.types = dialect.types
    request.visitor = pass.visitor
    return (request, dialect)
  }

  // MARK: The three

  private func openChain(
    _ id: String, _ exchange: HTTPExchange, _ query: DialectQuery
  ) throws(APIError) {
    let pass = try access.pass(exchange, to: .chain(id))
    try Self.mustBeSocket(exchange, "GET /v1/live?chain=\(id) is a stream for any client")
    let (request, dialect) = request(.chain, query.options, pass)
    // Who comes late gets all of it.
    locate(query.start ?? .beginning, request.filter, exchange) { [hub] start in
      let handler = DialectSocket(hub: hub)
      guard let socket = exchange.accept(handler, maxMessage: 4096) else { return }
      handler.begin(on: socket)
      guard let offset = start.offset else { return handler.close(.reset) }
      if dialect.options.contains(.positions) {
        // The first heartbeat says that there will be more of them.
        handler.send(hub.control("hello", as: .dialect(dialect), at: offset))
      }
      handler.watch(request, in: dialect, from: offset)
    }
  }

  private func openSession(_ exchange: HTTPExchange, _ query: DialectQuery) throws(APIError) {
    guard let named = exchange.head.query["session_id"] else {
      throw APIError(
        400, "invalid_parameter", "The query needs a session_id", field: "session_id",
        hint: "/ws?session_id=test123")
    }
    let session = try Self.id(named, "session_id")
    let pass = try access.pass(exchange, to: .session(session))
    try Self.mustBeSocket(exchange, "GET /v1/live?session=\(session) is a stream for any client")
    let (request, dialect) = request(.session, query.options, pass)
    locate(query.start ?? .now, request.filter, exchange) { [self] start in
      let handler = SessionSocket(endpoint: self, session: session, pass: pass)
      guard let socket = exchange.accept(handler, maxMessage: SessionInput.frameLimit) else { return }
      handler.begin(on: socket)
      guard let offset = start.offset else { return handler.close(.reset) }
      handler.greet(at: position(before: offset))
      handler.watch(request, in: dialect, from: offset)
    }
  }

  private func openSimWorks(
    _ id: String, _ exchange: HTTPExchange, _ query: DialectQuery
  ) throws(APIError) {
    let pass = try access.pass(exchange, to: .session(id))
    if exchange.isWebSocketRequest {
      let (request, dialect) = request(.simWorks, query.options, pass)
      let handler = SimWorksSocket(endpoint: self, session: id, request: request, dialect: dialect)
      guard let socket = exchange.accept(handler, maxMessage: SimWorksInput.frameLimit) else { return }
      return handler.begin(on: socket)
    }
    try Self.mustNotBeBroken(exchange)
    let (request, dialect) = request(.simWorksStream, query.options, pass)
    var start = query.start ?? .now
    // What a browser saw last is newer than the URL that it was made with.
    if let last = exchange.head.value("last-event-id") {
      guard let position = Position(last) else { throw Self.gone("'\(last)' is not a position") }
      start = .after(position)
    }
    locate(start, request.filter, exchange) { [hub] start in
      switch start {
      case .lost(let reason): exchange.respond(Self.gone(reason))
      case .at(let offset): Self.openStream(exchange, request, dialect, from: offset, hub)
      }
    }
  }

  private static func openStream(
    _ exchange: HTTPExchange, _ request: LiveRequest, _ dialect: Dialect, from offset: UInt64, _ hub: LiveHub
  ) {
    exchange.begin(200, headers: LiveEndpoint.streamHeaders, framing: .untilClose)
    let transport = SSEViewer(exchange)
    let viewer = Viewer(request: request, format: .dialect(dialect), transport: transport)
    exchange.onDrain = { hub.drained(viewer) }
    exchange.onClose = { hub.remove(viewer) }
    transport.send(hub.control("hello", as: .dialect(dialect), at: offset))
    hub.add(viewer, from: offset)
    hub.end(viewer, at: request.visitor.expires, on: exchange.loop)
  }

  // MARK: Where to begin

  /// Where a viewer begins, or why it cannot go on where it was.
  enum Start {
    case at(UInt64)
    case lost(String)

    var offset: UInt64? { if case .at(let offset) = self { offset } else { nil } }
  }

  /// The place behind a position.
  func start(after position: Position) -> Start {
    switch log.validate(position) {
    case .valid(let offset): .at(offset + 1)
    case .unknownEpoch: .lost("The position \(position) is not of this log")
    case .ahead: .lost("The position \(position) lies ahead of this log")
    case .trimmed: .lost("What came after \(position) is no longer kept")
    }
  }

  /// The position up to which somebody who begins at an offset is served.
  func position(before offset: UInt64) -> Position {
    offset > 1 ? log.position(of: offset - 1) : Position(epoch: log.epoch, offset: 0)
  }

  private func locate(
    _ start: LiveRequest.Start, _ filter: EventFilter, _ exchange: HTTPExchange,
    _ open: @escaping (Start) -> Void
  ) {
    switch start {
    case .now: open(.at(hub.tip))
    case .after(let position): open(self.start(after: position))
    case .beginning:
      // Before the reader looks: what it does not see yet comes behind this.
      let tip = hub.tip
      // The closure is the loop's own: it travels through the reader's thread, and runs on the loop only.
      nonisolated(unsafe) let open = open
      let accepted = readers.submit { reader in
        let offset = try? reader.firstOffset(matching: filter)
        exchange.loop.execute { if !exchange.isOver { open(.at(offset ?? tip)) } }
      }
      if !accepted { exchange.respond(.busy) }
    }
  }

  // MARK: Refusals

  private static func gone(_ reason: String) -> APIError {
    APIError(410, "position_gone", reason, field: "cursor", hint: "Start anew without a cursor")
  }

  private static func mustBeSocket(_ exchange: HTTPExchange, _ hint: String) throws(APIError) {
    guard exchange.isWebSocketRequest else {
      throw APIError(
        426, "upgrade_required", "This is a WebSocket", hint: "Connect with ws:// or wss://; \(hint)")
    }
  }

  /// A handshake that is not quite one is told what is wrong, instead of getting a stream.
  private static func mustNotBeBroken(_ exchange: HTTPExchange) throws(APIError) {
    guard !exchange.head.wantsUpgrade else {
      throw APIError(
        400, "bad_handshake", "The request asks for an upgrade, but not to a WebSocket",
        hint: "Connect with ws://, or without Connection: Upgrade for server-sent events")
    }
  }
}

internal import Net
internal import Wire

/// A client of the SimWorks session protocol. Nothing is sent before it has said hello.
final class SimWorksSocket: DialectSocket {
  private let endpoint: DialectEndpoint
  private let session: String
  private let request: LiveRequest
  private let dialect: Dialect
  private var deadline: LoopTimer?

  /// Time in which a client must say hello, in milliseconds.
  private static let helloLimit: UInt64 = 30_000

  init(endpoint: DialectEndpoint, session: String, request: LiveRequest, dialect: Dialect) {
    self.endpoint = endpoint
    self.session = session
    self.request = request
    self.dialect = dialect
    super.init(hub: endpoint.hub)
  }

  override func begin(on socket: WebSocketConnection) {
    super.begin(on: socket)
    deadline = socket.loop.timer(after: Self.helloLimit) { [weak self] in
      self?.socket?.close(.policyViolation, reason: "No session.hello came")
    }
  }

  override func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) {
    deadline?.cancel()
    super.closed(socket, code: code)
  }

  // MARK: In

  override func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {
    do throws(SimWorksInput.Problem) {
      let input = try SimWorksInput(payload, parser: endpoint.parser)
      switch input.kind {
      case .ping: control("pong", input.correlation)
      case .hello(let last):
        guard viewer == nil else {
          throw SimWorksInput.Problem(
            code: "already_open", message: "The session is open; send session.resume to go back",
            correlation: input.correlation)
        }
        hello(last, input.correlation)
      case .resume(let last): resume(last, input.correlation)
      }
    } catch {
      fail(error)
    }
  }

  override func message(_ socket: WebSocketConnection, binary payload: UnsafeRawBufferPointer) {
    fail(SimWorksInput.Problem(code: "invalid_json", message: "The frame is binary; send JSON as text"))
  }

  private func hello(_ last: String?, _ correlation: String?) {
    guard let last else {
      let tip = hub.tip
      ready(at: tip, correlation)
      return watch(request, in: dialect, from: tip)
    }
    guard let offset = offset(after: last, correlation) else { return }
    ready(at: offset, correlation)
    replay(from: offset, correlation)
  }

  private func resume(_ last: String, _ correlation: String?) {
    guard let offset = offset(after: last, correlation) else { return }
    replay(from: offset, correlation)
  }

  private func offset(after last: String, _ correlation: String?) -> UInt64? {
    let start: DialectEndpoint.Start =
      Position(last).map(endpoint.start(after:))
      ?? .lost("'\(last.prefix(64))' is not an event_id of this server")
    switch start {
    case .at(let offset): return offset
    case .lost(let reason):
      control("session.resync_required", correlation) { payload in
        payload.append("\"reason\":")
        payload.append(jsonString: reason)
      }
      close(.reset)
      return nil
    }
  }

  /// Sends what came after, says how much it was, and goes on with what is new.
  private func replay(from offset: UInt64, _ correlation: String?) {
    deadline?.cancel()
    watch(request, in: dialect, from: offset) { [weak self] in
      guard let self, let viewer else { return }
      let last = endpoint.position(before: hub.served(viewer))
      control("session.resumed", correlation) { payload in
        payload.append("\"replay_count\":")
        payload.append(decimal: viewer.replayed)
        payload.append(",\"last_event_id\":\"")
        payload.append(last)
        payload.append("\"")
      }
    }
  }

  // MARK: Out

  private func ready(at offset: UInt64, _ correlation: String?) {
    deadline?.cancel()
    let position = endpoint.position(before: offset)
    say(
      SimWorksFrames.control("session.ready", at: position, correlation: correlation) { payload in
        payload.append("\"session_id\":")
        payload.append(jsonString: session)
        payload.append(",\"last_event_id\":\"")
        payload.append(position)
        payload.append("\"")
      })
  }

  private func control(
    _ type: StaticString, _ correlation: String?, _ payload: (inout ByteWriter) -> Void = { _ in }
  ) {
    let served = viewer.map { hub.served($0) } ?? hub.tip
    say(
      SimWorksFrames.control(
        type, at: endpoint.position(before: served), correlation: correlation, payload))
  }

  private func fail(_ problem: SimWorksInput.Problem) {
    control("error", problem.correlation) { payload in
      payload.append("\"code\":")
      payload.append(jsonString: problem.code)
      payload.append(",\"message\":")
      payload.append(jsonString: problem.message)
    }
  }
}

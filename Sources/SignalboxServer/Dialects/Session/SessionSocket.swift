internal import Net
internal import Wire

/// The socket of a session: what happens in it goes out, what its user writes comes in.
final class SessionSocket: DialectSocket {
  private let endpoint: DialectEndpoint
  private let session: String
  private let pass: DialectPass

  init(endpoint: DialectEndpoint, session: String, pass: DialectPass) {
    self.endpoint = endpoint
    self.session = session
    self.pass = pass
    super.init(hub: endpoint.hub)
  }

  /// The first frame; its position is where the frames begin, so that a client can resume before it has seen any.
  func greet(at position: Position) {
    var json = connection("connected")
    json.append(position: position)
    json.append("}")
    say(json)
  }

  private func connection(_ status: StaticString) -> ByteWriter {
    var json = ByteWriter(capacity: 160)
    json.append("{\"type\":\"connection\",\"status\":\"")
    json.append(status)
    json.append("\"")
    json.append(member: "session_id", string: session)
    return json
  }

  override func close(_ reason: ViewerClose) {
    if reason == .goingAway {
      var json = connection("disconnected")
      json.append("}")
      say(json)
    }
    super.close(reason)
  }

  // MARK: In

  override func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {
    do throws(SessionInput.Problem) {
      switch try SessionInput.read(payload, session: session, parser: endpoint.parser) {
      case .ping: pong()
      case .message(let content, let id): take(content, id: id)
      }
    } catch {
      fail("Invalid message format: \(error.message)")
    }
  }

  override func message(_ socket: WebSocketConnection, binary payload: UnsafeRawBufferPointer) {
    fail("Invalid message format: it is binary; send JSON as text")
  }

  private func take(_ content: String, id: String?) {
    guard pass.speaks else { return fail("You may watch this session, and not write in it") }
    endpoint.chat.take(content, id: id, session: session) { [weak self] in self?.fail($0) }
  }

  private func pong() {
    var json = ByteWriter(capacity: 128)
    json.append("{\"type\":\"pong\"")
    json.append(member: "session_id", string: session)
    json.append("}")
    say(json)
  }

  private func fail(_ message: String) {
    var json = ByteWriter(capacity: 256)
    json.append("{\"type\":\"error\"")
    json.append(member: "session_id", string: session)
    json.append(member: "error", string: message)
    json.append("}")
    say(json)
  }
}

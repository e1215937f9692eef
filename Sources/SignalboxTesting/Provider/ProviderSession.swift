import Signalbox

/// One connection of a scripted provider, on its thread.
struct ProviderSession {
  let connection: LoopbackConnection
  let state: Monitor<ProviderState>
  let shelf: CassetteShelf?

  init(_ connection: LoopbackConnection, state: Monitor<ProviderState>, shelf: CassetteShelf?) {
    self.connection = connection
    self.state = state
    self.shelf = shelf
  }

  func run() {
    connection.sendAtOnce()
    var reader = RequestReader(connection)
    while let (request, keepAlive) = reader.next() {
      let began = SystemTime.monotonic
      let playback = Playback(reply(to: request), to: request)
      guard play(playback, since: began, keepAlive: keepAlive), keepAlive else { return }
    }
  }

  private func reply(to request: ReceivedRequest) -> ScriptedReply {
    let (reply, ready) = state.change { $0.take(request) }
    for continuation in ready { continuation.resume() }
    return reply ?? shelf?.reply(to: request)
      ?? .error(status: 501, "Nothing is scripted for \(request.method) \(request.path)")
  }

  /// Whether the connection can be used further.
  private func play(_ playback: Playback, since began: UInt64, keepAlive: Bool) -> Bool {
    var isChunked = false
    for step in playback.steps {
      switch step {
      case .until(let moment): if !wait(moment - Int64(SystemTime.monotonic - began)) { return false }
      case .pause(let time): if !wait(time) { return false }
      case .stall: if !stall() { return false }
      case .head:
        isChunked = playback.length == nil
        guard connection.send(Array(playback.head(keepAlive: keepAlive).utf8)) else { return false }
      case .body(let bytes):
        guard !bytes.isEmpty else { continue }
        guard connection.send(isChunked ? chunk(bytes) : bytes) else { return false }
      case .end:
        guard !isChunked || connection.send(Array("0\r\n\r\n".utf8)) else { return false }
      case .close: return false
      case .reset:
        connection.resetOnClose()
        return false
      }
    }
    return true
  }

  private func chunk(_ bytes: [UInt8]) -> [UInt8] {
    Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0D, 0x0A]
  }

  /// False when the provider is stopped.
  private func wait(_ nanoseconds: Int64) -> Bool {
    guard nanoseconds > 0 else { return true }
    return state.wait(upTo: nanoseconds) { $0.isStopped ? true : nil } == nil
  }

  private func stall() -> Bool {
    let (release, ready) = state.change { state in
      state.stalled += 1
      let ready = state.stallWatchers
      state.stallWatchers = []
      return (state.releases, ready)
    }
    for continuation in ready { continuation.resume() }
    let goesOn = state.wait { state -> Bool? in
      if state.isStopped { return false }
      return state.releases > release ? true : nil
    }
    state.change { $0.stalled -= 1 }
    return goesOn ?? false
  }
}

extension Playback {
  /// How the body is framed is decided here, whatever a recording says.
  private static let framing: Set<String> = ["content-length", "transfer-encoding", "connection"]

  /// The answer's head, as it goes over the wire.
  fileprivate func head(keepAlive: Bool) -> String {
    var text = "HTTP/1.1 \(status) Scripted\r\n"
    for header in headers where !Self.framing.contains(header.name.lowercased()) {
      text += "\(header.name): \(header.value)\r\n"
    }
    text += length.map { "content-length: \($0)\r\n" } ?? "transfer-encoding: chunked\r\n"
    if !keepAlive { text += "connection: close\r\n" }
    return text + "\r\n"
  }
}

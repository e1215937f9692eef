public import SignalboxLLM
import Signalbox

/// Why a scripted provider could not be started.
public struct ProviderError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A provider of models on a free port of this machine, for tests: real HTTP, scripted answers, recorded ones,
/// and everything that goes wrong with them.
///
/// ```swift
/// let provider = try ScriptedProvider(.error(status: 503, retryAfter: .zero), .text("Good morning", chunks: 3))
/// defer { provider.stop() }
/// // point the client's base URL to provider.url; the first request is refused, the second answered
/// ```
///
/// A request is answered by the first rule (`on`) that it fits, else by the replies given at the start. Replies of
/// a rule are used in order; the last one is used again and again. Each connection has a thread of its own.
public final class ScriptedProvider: Sendable {
  private struct Rule: Sendable {
    var path: String?
    var model: String?
    var replies: [ScriptedReply]
    var used = 0

    func fits(_ request: ReceivedRequest) -> Bool {
      (path == nil || request.path.prefix { $0 != "?" } == path!) && (model == nil || request.model == model)
    }
  }

  private struct State {
    /// The last one has the replies for everything else.
    var rules: [Rule]
    var requests: [ReceivedRequest] = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    var stalled = 0
    var stallWatchers: [CheckedContinuation<Void, Never>] = []
    /// Raised by each release.
    var releases = 0
    var isStopped = false

    /// The reply to a request, and who has waited for it.
    mutating func take(_ request: ReceivedRequest) -> (ScriptedReply?, [CheckedContinuation<Void, Never>]) {
      requests.append(request)
      let ready = watchers.filter { $0.count <= requests.count }.map(\.continuation)
      watchers.removeAll { $0.count <= requests.count }
      let rule = rules.firstIndex { $0.fits(request) && !$0.replies.isEmpty }
      guard let rule else { return (nil, ready) }
      defer { rules[rule].used += 1 }
      return (rules[rule].replies[min(rules[rule].used, rules[rule].replies.count - 1)], ready)
    }
  }

  private let state: Monitor<State>
  private let shelf: CassetteShelf?
  private let server: LoopbackServer
  private let host: String

  /// Listens on the loopback. Without a reply, requests that fit no rule are answered by an error.
  public convenience init(_ replies: ScriptedReply...) throws(ProviderError) {
    try self.init(host: "127.0.0.1", port: 0, replies: replies, shelf: nil)
  }

  /// Plays recordings: for each request the one that fits best, by what was asked, else by path and model, else by
  /// path, else any; of several the one that was played least, in their order.
  ///
  /// - Parameters:
  ///   - speed: 1 as it was, 2 twice as fast, 0 at once.
  ///   - host: Where to listen; everybody who reaches it is answered.
  ///   - port: 0 takes a free one.
  public convenience init(
    cassettes: [Cassette], speed: Double = 0, host: String = "127.0.0.1", port: UInt16 = 0
  ) throws(ProviderError) {
    try self.init(host: host, port: port, replies: [], shelf: CassetteShelf(cassettes, speed: speed))
  }

  private init(
    host: String, port: UInt16, replies: [ScriptedReply], shelf: CassetteShelf?
  ) throws(ProviderError) {
    let state = Monitor(State(rules: [Rule(replies: replies)]))
    self.state = state
    self.shelf = shelf
    self.host = host
    server = try LoopbackServer(host: host, port: port) { connection in
      Session(connection, state: state, shelf: shelf).run()
    }
  }

  deinit { stop() }

  public var port: UInt16 { server.port }

  /// `http://host:port`, to be set as a client's base URL.
  public var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

  /// Every request so far, in the order in which they were read.
  public var requests: [ReceivedRequest] { state.change { $0.requests } }

  /// Answers the requests with that path (without its query) and model; nil stands for any.
  public func on(path: String? = nil, model: String? = nil, _ replies: ScriptedReply...) {
    state.change { $0.rules.insert(Rule(path: path, model: model, replies: replies), at: $0.rules.count - 1) }
  }

  /// Returns once so many requests have been read.
  public func received(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.change { state in
        guard state.requests.count < count else { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  /// Returns once an answer stalls.
  public func stalled() async {
    await withCheckedContinuation { continuation in
      let isReady = state.change { state in
        guard state.stalled == 0 else { return true }
        state.stallWatchers.append(continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  /// Lets every answer go on that stalls now.
  public func release() { state.change { $0.releases += 1 } }

  /// Ends the provider and every connection. Also done when it is let go of.
  public func stop() {
    state.change { $0.isStopped = true }
    server.stop()
  }

  /// One connection, on its thread.
  private struct Session {
    let connection: LoopbackConnection
    let state: Monitor<State>
    let shelf: CassetteShelf?

    init(_ connection: LoopbackConnection, state: Monitor<State>, shelf: CassetteShelf?) {
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
}

extension Playback {
  /// The answer's head, as it goes over the wire.
  fileprivate func head(keepAlive: Bool) -> String {
    var text = "HTTP/1.1 \(status) Scripted\r\n"
    for header in headers { text += "\(header.name): \(header.value)\r\n" }
    text += length.map { "content-length: \($0)\r\n" } ?? "transfer-encoding: chunked\r\n"
    if !keepAlive { text += "connection: close\r\n" }
    return text + "\r\n"
  }
}

import Signalbox
public import SignalboxLLM

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
  private let state: Monitor<ProviderState>
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
    let state = Monitor(ProviderState(rules: [ProviderState.Rule(replies: replies)]))
    self.state = state
    self.shelf = shelf
    self.host = host
    server = try LoopbackServer(host: host, port: port) { connection in
      ProviderSession(connection, state: state, shelf: shelf).run()
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
    state.change { $0.add(ProviderState.Rule(path: path, model: model, replies: replies)) }
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
}

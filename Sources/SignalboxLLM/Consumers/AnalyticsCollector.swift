import Signalbox

/// Gathers what every stream did and hands each to a sender when it ends; any number of streams at once.
public final class AnalyticsCollector: Sendable {
  /// What became of the sessions.
  public struct Counts: Sendable, Hashable {
    /// Streams that have ended.
    public internal(set) var ended = 0
    /// Sessions that the sender took.
    public internal(set) var sent = 0
    /// The sender threw.
    public internal(set) var failed = 0
    /// Sessions forgotten before their end because too many ran at once; they are sent, too.
    public internal(set) var abandoned = 0
  }

  private struct State {
    var open: StreamTable<AnalyticsSession>
    var ended: [AnalyticsSession] = []
    var counts = Counts()
  }

  private let chunkLimit: Int
  private let kept: Int
  private let send: (@Sendable (AnalyticsSession) async throws -> Void)?
  private let state: Locked<State>

  /// - Parameters:
  ///   - chunks: Pieces of a stream that are listed; more are counted. Default 1000.
  ///   - streams: Streams at once; beyond that the oldest is given up. Default 4096.
  ///   - kept: Ended sessions that `sessions` keeps, the last ones. Default 100.
  ///   - send: Given every session that ended; awaited by whoever hands over the stream's last event. When it
  ///     throws, that is counted.
  public init(
    chunks: Int = 1000, streams: Int = 4096, kept: Int = 100,
    send: (@Sendable (AnalyticsSession) async throws -> Void)? = nil
  ) {
    chunkLimit = max(0, chunks)
    self.kept = max(0, kept)
    self.send = send
    state = Locked(State(open: StreamTable(limit: streams)))
  }

  /// The last sessions that ended, the oldest first.
  public var sessions: [AnalyticsSession] { state.withLock { $0.ended } }

  /// Sessions that run.
  public var running: [AnalyticsSession] {
    state.withLock { Array($0.open.values.values) }.sorted { $0.startedAt < $1.startedAt }
  }

  public var counts: Counts { state.withLock { $0.counts } }

  /// Takes an event of any stream.
  public nonisolated(nonsending) func handle(_ event: StreamEvent) async {
    let key = event.streamKey
    let ended = state.withLock { state in
      var ended = state.open.makeRoom(for: key).map { session in
        var session = session
        session.outcome = .abandoned
        return session
      }
      state.counts.abandoned += ended.count
      state.open.update(key, initial: AnalyticsSession(event.info)) {
        $0.record(event, chunkLimit: chunkLimit)
      }
      if event.isTerminal, let session = state.open.remove(key) {
        state.counts.ended += 1
        ended.append(session)
      }
      state.ended += ended
      state.ended.removeFirst(max(0, state.ended.count - kept))
      return ended
    }
    guard let send else { return }
    for session in ended {
      do {
        try await send(session)
        state.withLock { $0.counts.sent += 1 }
      } catch {
        state.withLock { $0.counts.failed += 1 }
      }
    }
  }
}

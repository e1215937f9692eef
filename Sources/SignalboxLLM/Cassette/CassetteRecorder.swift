public import Signalbox

/// Records model calls as cassettes: into a folder, a file a call, or to a closure.
///
/// A cassette holds what the provider answered, word by word: treat the files as what your users wrote. Keys are
/// not in them: of the headers only harmless ones are kept, queries lose their values, and what looks like a key is
/// cut out of refusals.
public final class CassetteRecorder: ByteTap {
  /// What was recorded so far, and what was not.
  public struct Counts: Sendable, Hashable {
    /// Calls that were handed to the closure, or are in a file.
    public internal(set) var recorded = 0
    /// Calls that were larger than the limit, or for which the disk was too slow.
    public internal(set) var dropped = 0
    /// Files that could not be written.
    public internal(set) var failed = 0
  }

  private let clock: any EventClock
  private let limit: Int
  private let keep: @Sendable (Cassette) -> Void
  private let folder: CassetteFolder?
  private let ownCounts = Locked(Counts())

  /// Hands every call to a closure, on the thread where it ended.
  ///
  /// `limit`: bytes of an answer; larger ones are dropped and counted. Default 64 MiB.
  public init(
    limit: Int = 64 << 20, clock: any EventClock = SystemEventClock(),
    _ keep: @escaping @Sendable (Cassette) -> Void
  ) {
    self.limit = limit
    self.clock = clock
    self.keep = keep
    folder = nil
  }

  /// Writes every call to a file of its own in a folder, which is made when it is missing; both are readable by
  /// their owner alone. The writing is done by a thread of its own.
  ///
  /// `onProblem`: told in a plain sentence of a file that could not be written.
  public init(
    folder path: String, limit: Int = 64 << 20, clock: any EventClock = SystemEventClock(),
    onProblem: (@Sendable (String) -> Void)? = nil
  ) throws(CassetteError) {
    let folder = try CassetteFolder(path, onProblem: onProblem)
    self.limit = limit
    self.clock = clock
    self.folder = folder
    keep = { folder.write($0) }
  }

  public var counts: Counts {
    var counts = ownCounts.withLock { $0 }
    if let written = folder?.counts {
      counts.recorded = written.recorded
      counts.failed = written.failed
      counts.dropped += written.dropped
    }
    return counts
  }

  /// Returns once every call that has ended is in its file.
  public func flush() async { await folder?.flush() }

  /// Begins to record a call; what it returns is told of the answer's bytes.
  public func begin(method: String, path: String, body: UnsafeRawBufferPointer) -> any ByteTapCall {
    let request = Cassette.Request(
      method: method, path: RecordedHead.path(path), model: RequestGist(body: body, path: path).model,
      body: body)
    return CassetteCall(request: request, limit: limit, clock: clock) { [keep, ownCounts] cassette in
      guard let cassette else { return ownCounts.withLock { $0.dropped += 1 } }
      ownCounts.withLock { $0.recorded += 1 }
      keep(cassette)
    }
  }
}

/// One call that is being recorded.
private final class CassetteCall: ByteTapCall {
  private struct State {
    var cassette: Cassette
    var bytes = 0
    var last: Int64 = 0
    var isOver = false

    /// Nanoseconds since the request; a clock that was set back stands still.
    mutating func moment(_ now: Int64) -> Int64 {
      last = max(last, now - cassette.recorded)
      return last
    }
  }

  private let clock: any EventClock
  private let limit: Int
  private let state: Locked<State>
  /// Given nil when the answer was too large.
  private let done: @Sendable (Cassette?) -> Void

  init(
    request: Cassette.Request, limit: Int, clock: any EventClock,
    done: @escaping @Sendable (Cassette?) -> Void
  ) {
    self.clock = clock
    self.limit = limit
    self.done = done
    state = Locked(State(cassette: Cassette(recorded: clock.now(), request: request, status: 0)))
  }

  func head(status: Int, headers: [(name: String, value: String)]) {
    let now = clock.now()
    state.withLock { state in
      state.cassette.status = status
      state.cassette.headers = RecordedHead.headers(headers)
      state.cassette.headAt = state.moment(now)
    }
  }

  func body(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    let now = clock.now()
    state.withLock { state in
      state.bytes += bytes.count
      guard !state.isOver, state.bytes <= limit else {
        state.cassette.chunks = []
        return
      }
      state.cassette.chunks.append(Cassette.Chunk(at: state.moment(now), bytes: Array(bytes)))
    }
  }

  func end(_ end: Cassette.End) {
    let now = clock.now()
    let (isFirst, cassette) = state.withLock { state -> (Bool, Cassette?) in
      guard !state.isOver else { return (false, nil) }
      state.isOver = true
      state.cassette.end = end
      state.cassette.endAt = state.moment(now)
      let cassette = state.bytes <= limit ? state.cassette : nil
      state.cassette.chunks = []
      return (true, cassette)
    }
    if isFirst { done(cassette?.withoutKeysInRefusals) }
  }
}

extension Cassette {
  /// A refusal may repeat the key that it refuses. Its body becomes one chunk, since a key may lie in two.
  fileprivate var withoutKeysInRefusals: Cassette {
    var cassette = self
    if case .cut(let message) = end { cassette.end = .cut(RecordedHead.scrub(message)) }
    guard status >= 400, !headers.contains(where: { $0.name == "content-encoding" }),
      let first = chunks.first,
      let text = String(validating: body, as: UTF8.self)
    else { return cassette }
    cassette.chunks = [Chunk(at: first.at, bytes: Array(RecordedHead.scrub(text).utf8))]
    return cassette
  }
}

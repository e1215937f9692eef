/// Keeps calls away from a server that is down, and finds out with a few trials when it is back.
///
/// ```
/// closed ── failures in a row ──▶ open ── time ──▶ half open ── successes ──▶ closed
///                                   ◀───── a trial fails ──────┘
/// ```
///
/// Failures count when no success came between them and the first is not too old: a server that answers most
/// calls is not down. Each failed trial doubles the time that the breaker stays open, up to a limit.
///
/// A pure state machine: times are nanoseconds of any clock that only goes forward, and the owner carries out
/// what it says. `CircuitBreakers` of SignalboxLLM keeps one an upstream.
public struct CircuitBreaker: Sendable, Hashable {
  /// When a breaker opens and closes.
  public struct Policy: Sendable, Hashable {
    /// Failures in a row that open it. Default 5.
    public var failures: Int
    /// Failures further apart than that do not belong together; nil: however far apart. Default 60 s.
    public var window: Duration?
    /// How long it is open at first. Default 30 s.
    public var openFor: Duration
    /// How long it is open at most, after failed trials. Default 60 s.
    public var longestOpen: Duration
    /// Calls let through at once while it is half open. Default 3.
    public var trials: Int
    /// Successful trials that close it. Default 2.
    public var successes: Int

    public init(
      failures: Int = 5, window: Duration? = .seconds(60), openFor: Duration = .seconds(30),
      longestOpen: Duration = .seconds(60), trials: Int = 3, successes: Int = 2
    ) {
      self.failures = max(failures, 1)
      self.window = window
      self.openFor = openFor
      self.longestOpen = max(longestOpen, openFor)
      self.trials = max(trials, 1)
      self.successes = max(successes, 1)
    }
  }

  /// Whether attempts are let through.
  public enum State: Sendable, Hashable {
    /// Calls go through.
    case closed
    /// Calls are refused until then.
    case open(until: Int64)
    /// A few calls go through, to see.
    case halfOpen
  }

  /// Allows one call, and is handed back with what came of it.
  public struct Permit: Sendable, Hashable {
    fileprivate let era: UInt64
  }

  /// What a call showed about the server.
  public enum Outcome: Sendable, Hashable {
    /// It works, whatever it said: also an answer that blames the caller.
    case success
    /// It does not: no connection, no answer in time, an error of its own.
    case failure
    /// Nothing: the caller gave up.
    case nothing
  }

  /// The answer to who wants to try.
  public enum Admission: Sendable, Hashable {
    case admitted(Permit)
    /// Try again after that long.
    case refused(retryAfter: Duration)
  }

  public let policy: Policy
  /// Whether calls are let through: all, none, or one that tries.
  public private(set) var state = State.closed
  /// How often it has opened.
  public private(set) var openings: UInt64 = 0
  /// Calls it refused.
  public private(set) var refusals: UInt64 = 0
  /// The times of failures without a success since, oldest first; at most `policy.failures`.
  private var failures: [Int64] = []
  /// Rises with each change of state: what was begun in an earlier one says nothing about this one.
  private var era: UInt64 = 0
  private var trialsUnderWay = 0
  private var successes = 0
  /// How long it was open the last time; nil once it was closed.
  private var lastOpen: Duration?

  public init(_ policy: Policy = Policy()) { self.policy = policy }

  /// Failures in a row that count at the moment.
  public var failuresInARow: Int { failures.count }

  /// Asks to make a call. Whoever is admitted calls `record` with the permit, exactly once.
  public mutating func admit(at now: Int64) -> Admission {
    switch state {
    case .closed: return .admitted(Permit(era: era))
    case .open(let until) where now < until:
      refusals += 1
      return .refused(retryAfter: .nanoseconds(until - now))
    case .open:
      enter(.halfOpen)
    case .halfOpen: break
    }
    guard trialsUnderWay < policy.trials else {
      refusals += 1
      // How long the trials take nobody knows; a second is short beside a call, and long beside a question.
      return .refused(retryAfter: .seconds(1))
    }
    trialsUnderWay += 1
    return .admitted(Permit(era: era))
  }

  /// Takes note of what came of an admitted call.
  public mutating func record(_ outcome: Outcome, of permit: Permit, at now: Int64) {
    guard permit.era == era else { return }
    switch (state, outcome) {
    case (.closed, .success):
      failures.removeAll(keepingCapacity: true)
    case (.closed, .failure):
      if let window = policy.window {
        let oldest = now - Int64(window.nanoseconds)
        failures.removeAll { $0 < oldest }
      }
      failures.append(now)
      if failures.count >= policy.failures { open(for: policy.openFor, at: now) }
    case (.halfOpen, .success):
      trialsUnderWay -= 1
      successes += 1
      if successes >= policy.successes {
        lastOpen = nil
        enter(.closed)
      }
    case (.halfOpen, .failure):
      open(for: min((lastOpen ?? policy.openFor) * 2, policy.longestOpen), at: now)
    case (.halfOpen, .nothing):
      trialsUnderWay -= 1
    case (.closed, .nothing), (.open, _): break
    }
  }

  private mutating func open(for time: Duration, at now: Int64) {
    openings += 1
    lastOpen = time
    enter(.open(until: now + Int64(time.nanoseconds)))
  }

  private mutating func enter(_ next: State) {
    state = next
    era += 1
    failures.removeAll(keepingCapacity: true)
    trialsUnderWay = 0
    successes = 0
  }
}

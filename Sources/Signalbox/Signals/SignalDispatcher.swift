/// Hands notes to receivers on a thread of its own, in order.
///
/// A sync receiver that does not return keeps that thread; then a new one goes on behind it, and the receiver is left
/// out until it returns. So nothing that a receiver does disturbs the sender or the other receivers.
final class SignalDispatcher: Sendable {
  fileprivate struct Delivery {
    var note: any SignalNote
    var size: Int
    var receivers: [SignalReceiver]
  }

  fileprivate struct State {
    var receivers: [String: [SignalReceiver]] = [:]
    var queue = RingQueue<Delivery>()
    var bytes = 0
    /// Rises whenever a new thread takes over; a thread of an older number ends.
    var generation = 0
    var isWorking = false
    /// The thread of this generation is there, working or asleep.
    var hasThread = false
    /// The receivers of the delivery under way that have not had it yet.
    var rest: (note: any SignalNote, receivers: ArraySlice<SignalReceiver>)?
    var current: SignalReceiver?
    var isWatched = false
    var asyncBusy = 0
    var counts = SignalCounts()
    var idle: [CheckedContinuation<Void, Never>] = []
  }

  /// How long the thread waits for something to do before it ends, seconds.
  private static let patience = 10

  private let configuration: Signals.Configuration
  private let state = Locked(State())
  private let gate = ThreadGate()

  init(_ configuration: Signals.Configuration) { self.configuration = configuration }

  var counts: SignalCounts {
    state.withLock { state in
      var counts = state.counts
      counts.waiting = state.queue.count
      return counts
    }
  }

  func connect(_ receiver: SignalReceiver) -> SignalToken {
    state.withLock { $0.receivers[receiver.signal, default: []].append(receiver) }
    return SignalToken { [weak self] in
      receiver.state.withLock {
        $0.isConnected = false
        $0.backlog = []
      }
      self?.forget(receiver)
    }
  }

  private func forget(_ receiver: SignalReceiver) {
    state.withLock { $0.receivers[receiver.signal]?.removeAll { $0 === receiver } }
  }

  // MARK: Sending

  func send(_ note: any SignalNote, signal: String, sender: Any.Type?) {
    let sender = sender.map { ObjectIdentifier($0) }
    let size = note.estimatedSize
    var dropped = false
    let wakes = state.withLock { state in
      state.counts.sent += 1
      guard let all = state.receivers[signal], !all.isEmpty else { return false }
      let receivers = all.filter { $0.wants(sender) }
      guard !receivers.isEmpty else { return false }
      guard state.queue.count < configuration.capacity, state.bytes + size <= configuration.capacityBytes
      else {
        state.counts.dropped += receivers.count
        dropped = true
        return false
      }
      state.queue.append(Delivery(note: note, size: size, receivers: receivers))
      state.bytes += size
      guard !state.isWorking else { return false }
      state.isWorking = true
      return true
    }
    if dropped { report(signal, "*", .dropped(1)) }
    if wakes { wake() }
  }

  /// Returns once nothing waits and no receiver runs.
  func drained() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.isIdle { return true }
        state.idle.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
  }

  // MARK: Delivering

  /// There is something to do, and nobody does it.
  private func wake() {
    watch()
    let newThread: Int? = state.withLock { state in
      guard !state.hasThread else { return nil }
      state.hasThread = true
      return state.generation
    }
    guard let newThread else { return gate.open() }
    SystemThread { [self] in
      repeat {
        while let (note, receiver) = next(newThread) { deliver(note, to: receiver) }
      } while waitForWork(newThread)
    }.detach()
  }

  /// False when the thread is to end.
  private func waitForWork(_ generation: Int) -> Bool {
    while state.withLock({ $0.generation == generation }) {
      if gate.wait(seconds: Self.patience) { return true }
      let ends = state.withLock { state in
        guard state.generation == generation else { return true }
        guard !state.isWorking else { return false }
        state.hasThread = false
        return true
      }
      if ends { return false }
    }
    return false
  }

  private enum Step {
    case call(any SignalNote, SignalReceiver)
    case again, rest
  }

  /// The next receiver that is to have a note; nil when there is nothing left to do for this thread.
  private func next(_ generation: Int) -> (any SignalNote, SignalReceiver)? {
    while true {
      var woken: [CheckedContinuation<Void, Never>] = []
      let step: Step = state.withLock { state in
        guard state.generation == generation else { return .rest }
        state.current = nil
        if let receiver = state.rest?.receivers.popFirst(), let note = state.rest?.note {
          state.current = receiver
          return .call(note, receiver)
        }
        state.rest = nil
        guard let delivery = state.queue.popFirst() else {
          state.isWorking = false
          woken = state.takeIdle()
          return .rest
        }
        state.bytes -= delivery.size
        state.rest = (delivery.note, delivery.receivers[...])
        return .again
      }
      for continuation in woken { continuation.resume() }
      switch step {
      case .call(let note, let receiver): return (note, receiver)
      case .again: continue
      case .rest: return nil
      }
    }
  }

  private func deliver(_ note: any SignalNote, to receiver: SignalReceiver) {
    guard receiver.isAlive else { return forget(receiver) }
    switch receiver.call {
    case .sync(let body):
      let isReady = receiver.state.withLock { state in
        if state.isStuck { return false }
        state.since = configuration.clock.now()
        return true
      }
      guard isReady else { return drop(for: receiver) }
      do { try body(note) } catch { threw(receiver, error) }
      receiver.state.withLock { state in
        state.since = nil
        state.isStuck = false
        state.hangWasReported = false
      }
      state.withLock { $0.counts.delivered += 1 }
    case .async(let body): enqueue(note, for: receiver, body)
    }
  }

  private func enqueue(
    _ note: any SignalNote, for receiver: SignalReceiver,
    _ body: @escaping @Sendable (any SignalNote) async throws -> Void
  ) {
    enum Outcome { case starts, waits, full }
    let outcome: Outcome = receiver.state.withLock { state in
      guard state.backlog.count < SignalReceiver.backlogLimit else { return .full }
      state.backlog.append(note)
      if state.isDraining { return .waits }
      state.isDraining = true
      return .starts
    }
    switch outcome {
    case .full: drop(for: receiver)
    case .waits: break
    case .starts:
      state.withLock { $0.asyncBusy += 1 }
      Task { await self.drain(receiver, body) }
    }
  }

  private func drain(
    _ receiver: SignalReceiver, _ body: @Sendable (any SignalNote) async throws -> Void
  ) async {
    while true {
      let notes = receiver.state.withLock { state in
        let notes = state.backlog
        state.backlog = []
        if notes.isEmpty { state.isDraining = false }
        return notes
      }
      if notes.isEmpty { break }
      for note in notes {
        guard receiver.isAlive else { break }
        receiver.state.withLock { $0.since = configuration.clock.now() }
        do { try await body(note) } catch { threw(receiver, error) }
        receiver.state.withLock { state in
          state.since = nil
          state.hangWasReported = false
        }
        state.withLock { $0.counts.delivered += 1 }
      }
    }
    let woken = state.withLock { state in
      state.asyncBusy -= 1
      return state.takeIdle()
    }
    for continuation in woken { continuation.resume() }
  }

  private func drop(for receiver: SignalReceiver) {
    state.withLock { $0.counts.dropped += 1 }
    report(receiver.signal, receiver.name, .dropped(1))
  }

  private func threw(_ receiver: SignalReceiver, _ error: any Error) {
    state.withLock { $0.counts.failed += 1 }
    report(receiver.signal, receiver.name, .threw(error))
  }

  private func report(_ signal: String, _ receiver: String, _ kind: SignalProblem.Kind) {
    configuration.onProblem?(SignalProblem(signal: signal, receiver: receiver, kind: kind))
  }

  // MARK: Watching

  /// Looks after the receivers while any runs.
  private func watch() {
    let starts = state.withLock { state in
      guard !state.isWatched else { return false }
      state.isWatched = true
      return true
    }
    guard starts else { return }
    Task { [self] in
      repeat {
        // Only a cancelled task wakes early, and nobody cancels this one.
        try? await configuration.clock.sleep(for: configuration.hangLimit)
        look()
      } while !state.withLock({ state in
        if state.isIdle { state.isWatched = false }
        return state.isIdle
      })
    }
  }

  private func look() {
    let (current, all) = state.withLock { state in
      (state.current, state.receivers.values.flatMap { $0 })
    }
    let now = configuration.clock.now()
    for receiver in all {
      let isLate = receiver.state.withLock { state in
        guard let since = state.since, now >= since + configuration.hangNanoseconds,
          !state.hangWasReported
        else { return false }
        state.hangWasReported = true
        if receiver === current { state.isStuck = true }
        return true
      }
      guard isLate else { continue }
      report(receiver.signal, receiver.name, .hangs)
      if receiver === current { takeOver(from: receiver) }
    }
  }

  /// Lets a new thread go on behind a receiver that does not return.
  private func takeOver(from receiver: SignalReceiver) {
    let isTaken = state.withLock { state in
      guard state.current === receiver else { return false }
      state.generation += 1
      state.current = nil
      state.hasThread = false
      return true
    }
    if isTaken { wake() }
  }
}

extension SignalDispatcher.State {
  fileprivate var isIdle: Bool { !isWorking && asyncBusy == 0 }

  fileprivate mutating func takeIdle() -> [CheckedContinuation<Void, Never>] {
    guard isIdle else { return [] }
    defer { idle = [] }
    return idle
  }
}

/// What became of the notes.
public struct SignalCounts: Sendable, Hashable {
  public var sent = 0
  /// Calls of receivers that returned or threw.
  public var delivered = 0
  /// Calls of receivers that threw.
  public var failed = 0
  /// Deliveries that did not take place, because too many waited or their receiver hung.
  public var dropped = 0
  /// Notes that wait now.
  public var waiting = 0
}

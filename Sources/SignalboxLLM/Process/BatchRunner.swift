import Signalbox

/// Hands a batch's events to its handler, in tasks of its own: one that waits for the time, one that delivers.
///
/// Nothing is called and nobody resumed while the lock is held.
final class BatchRunner: Sendable {
  private struct State {
    var buffer: BatchBuffer
    var isDelivering = false
    var isTiming = false
    var timer: Task<Void, Never>?
    /// The wait before a batch is tried again.
    var pause: Task<Void, Never>?
    /// Producers that wait for room, by ticket.
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextTicket = 0
    /// Those who wait until that many events are done with.
    var finishing: [(target: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Whether a task has to be started that delivers.
    mutating func startsDelivering() -> Bool {
      guard buffer.hasReady, !isDelivering else { return false }
      isDelivering = true
      return true
    }

    /// Whether a task has to be started that waits for the time.
    mutating func startsTiming() -> Bool {
      guard buffer.deadline != nil, !isTiming else { return false }
      isTiming = true
      return true
    }
  }

  private let batch: Batch
  private let name: String
  private let clock: any EventClock
  private let report: (@Sendable (PipelineProblem) -> Void)?
  private let state: Locked<State>

  init(
    _ batch: Batch, name: String, clock: any EventClock, report: (@Sendable (PipelineProblem) -> Void)?
  ) {
    self.batch = batch
    self.name = name
    self.clock = clock
    self.report = report
    state = Locked(State(buffer: BatchBuffer(batch.limits)))
  }

  var counts: BatchCounts { state.withLock { $0.buffer.counts } }

  /// Takes an event without waiting.
  func offer(_ event: StreamEvent, anyway: Bool = false) -> BatchBuffer.Admission {
    let bytes = event.estimatedSize
    let now = batch.limits.interval == nil ? 0 : clock.now()
    let (admission, delivers, times) = state.withLock { state in
      let admission = state.buffer.add(event, bytes: bytes, now: now, anyway: anyway)
      return (admission, state.startsDelivering(), state.startsTiming())
    }
    if delivers { Task.detached { await self.deliver() } }
    if times { startTimer() }
    return admission
  }

  /// Takes an event as soon as there is room; at once when the producer's task is cancelled.
  nonisolated(nonsending) func add(_ event: StreamEvent) async {
    while offer(event, anyway: Task.isCancelled) == .full { await room(for: event.estimatedSize) }
  }

  /// Hands over what is there and returns when that is done.
  nonisolated(nonsending) func finish() async {
    seal()
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        let target = state.buffer.counts.taken
        if state.buffer.settled >= target { return true }
        state.finishing.append((target, continuation))
        return false
      }
      if isDone { continuation.resume() }
      // Nobody who waits for the end waits for a pause.
      state.withLock { $0.pause }?.cancel()
    }
  }

  /// Has what is there handed over.
  func seal() {
    let (delivers, timer) = state.withLock { state in
      state.buffer.seal()
      let timer = state.timer
      state.timer = nil
      return (state.startsDelivering(), timer)
    }
    timer?.cancel()
    if delivers { Task.detached { await self.deliver() } }
  }

  // MARK: Room

  private nonisolated(nonsending) func room(for bytes: Int) async {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if Task.isCancelled || state.buffer.hasRoom(for: bytes) { return true }
          state.waiting[ticket] = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
  }

  // MARK: The time

  private func startTimer() {
    let timer = Task.detached { await self.waitForDeadline() }
    let isLate = state.withLock { state in
      guard state.isTiming else { return true }
      state.timer = timer
      return false
    }
    if isLate { timer.cancel() }
  }

  /// Sleeps until what is being filled must go, again and again until nothing is there.
  private func waitForDeadline() async {
    while true {
      let now = clock.now()
      let (deadline, delivers) = state.withLock { state -> (Int64?, Bool) in
        state.buffer.seal(at: now)
        if state.buffer.deadline == nil {
          state.isTiming = false
          state.timer = nil
        }
        return (state.buffer.deadline, state.startsDelivering())
      }
      if delivers { Task.detached { await self.deliver() } }
      guard let deadline else { return }
      do { try await clock.sleep(for: .nanoseconds(deadline - now)) } catch { break }
    }
    // Cancelled by `seal`; an event that came since then needs a timer of its own.
    let again = state.withLock { state in
      state.isTiming = false
      return state.startsTiming()
    }
    if again { startTimer() }
  }

  // MARK: Delivering

  private func deliver() async {
    while let events = state.withLock({ state -> [StreamEvent]? in
      if let events = state.buffer.take() { return events }
      state.isDelivering = false
      return nil
    }) {
      let isDelivered = await hand(events)
      let (waiting, finished) = state.withLock { state in
        state.buffer.settle(isDelivered: isDelivered)
        let waiting = state.waiting
        state.waiting = [:]
        let finished = state.finishing.filter { $0.target <= state.buffer.settled }
        state.finishing.removeAll { $0.target <= state.buffer.settled }
        return (waiting, finished)
      }
      for continuation in waiting.values { continuation.resume() }
      for (_, continuation) in finished { continuation.resume() }
    }
  }

  /// Whether the handler took them, maybe at a later try.
  private func hand(_ events: [StreamEvent]) async -> Bool {
    var tries = 0
    while true {
      do {
        try await batch.handler(events)
        return true
      } catch {
        state.withLock { $0.buffer.failed() }
        report?(PipelineProblem(stage: name, error: error, events: events))
        guard tries < batch.retries else {
          await batch.failed?(events, error)
          return false
        }
        tries += 1
        await pause()
      }
    }
  }

  private func pause() async {
    let clock = clock
    let delay = batch.retryDelay
    let pause = Task.detached { _ = try? await clock.sleep(for: delay) }
    let isFinishing = state.withLock { state in
      state.pause = pause
      return !state.finishing.isEmpty
    }
    if isFinishing { pause.cancel() }
    await pause.value
    state.withLock { $0.pause = nil }
  }
}

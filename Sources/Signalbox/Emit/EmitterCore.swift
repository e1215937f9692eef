import Synchronization
import Wire

/// What an emitter and the tasks of its exporters share: one lock, the buffers behind it.
final class EmitterCore: Sendable {
  fileprivate struct State {
    var ids = UUIDv7Generator()
    var lanes: [LaneState] = []
    var pumps: [Task<Void, Never>] = []
    var isClosed = false
    /// Nil: events are kept as they are.
    var redactor: EventRedactor?
  }

  /// The buffer of one exporter, and who waits at it.
  fileprivate struct LaneState {
    let name: String
    let producer: String
    var buffer: ExportBuffer
    /// The exporter's task, when it has nothing to do.
    var pump: CheckedContinuation<Void, Never>?
    /// A timer runs that ends the waiting of what is in the buffer.
    var isTimed = false
    /// All that waits is to go now.
    var isDue = false
    var flushes: [UInt64: Flush] = [:]
    var isFinished = false

    mutating func append(_ event: consuming Event, _ size: Int, _ wakes: inout Wakes) {
      buffer.append(event, size: size)
      if let wake = wake(isClosed: false) { wakes.tasks.append(wake) }
    }

    /// The exporter's task, when there is something for it to do now.
    mutating func wake(isClosed: Bool) -> CheckedContinuation<Void, Never>? {
      // An event that comes into an empty buffer wakes the task once, to set the timer.
      guard buffer.hasBatch || isDue || !isTimed || isClosed else { return nil }
      return buffer.isEmpty && !isClosed ? nil : pump.take()
    }
  }

  /// Somebody who waits until so many of the emitted events are sent or dropped.
  fileprivate struct Flush {
    let target: Int
    let waiter: CheckedContinuation<Void, Never>
  }

  private let configuration: Emitter.Configuration
  private let clock: any EventClock
  let types: DeclaredTypes?
  private let state: Locked<State>
  /// Whether events go anywhere, for a look without the lock.
  private let isOpen = Atomic(false)

  var now: Int64 { clock.now() }

  init(_ configuration: Emitter.Configuration) {
    self.configuration = configuration
    clock = configuration.clock
    types = configuration.types.map { DeclaredTypes($0, report: configuration.onProblem) }
    state = Locked(State(redactor: EventRedactor(configuration.content)))
  }

  // MARK: In

  func emit(
    _ type: EventType, _ data: JSONValue?, phase: EventPhase?, context: Context, at time: Int64? = nil,
    numberedBy span: ActiveSpan? = nil
  ) {
    types?.check(type)
    guard hasExporters else { return }
    let time = time ?? clock.now()
    let size = Event.estimatedSize(type, data)
    let wakes = state.withLock { state in
      guard !state.isClosed else { return Wakes() }
      let id = EventID(minted: state.ids.next(at: Timestamp(nanoseconds: time)))
      // Numbered under the lock that keeps the order, so that deltas leave in the order of their numbers.
      let index = span?.numberDelta(at: time)
      // Made here, because what is made before is copied for the buffer.
      return state.take(
        Event(id: id, type: type, phase: phase, time: time, context: context, index: index, data: data),
        size: size)
    }
    wakes.resume()
  }

  func emit(_ event: Event) {
    types?.check(event.type)
    let size = event.estimatedSize
    let wakes = state.withLock { state in state.isClosed ? Wakes() : state.take(event, size: size) }
    wakes.resume()
  }

  // MARK: Exporters

  /// A buffer is more than half full: who can wait should.
  var isCrowded: Bool { state.withLock { $0.lanes.contains { $0.buffer.isHalfFull } } }

  var hasExporters: Bool { isOpen.load(ordering: .acquiring) }

  func add(_ exporter: any Exporter) {
    let limits = ExportBuffer.Limits(
      events: max(configuration.capacity, 10), bytes: configuration.capacityBytes,
      eventBytes: configuration.eventBytes)
    let buffer = ExportBuffer(limits: limits, batching: exporter.batching, policy: configuration.overflow)
    let producer = EventID.generate().description
    state.withLock { state in
      guard !state.isClosed else { return }
      let lane = state.lanes.count
      state.lanes.append(LaneState(name: exporter.name, producer: producer, buffer: buffer))
      // A task of its own, because emitting must work without anyone running the emitter; `close` ends it.
      state.pumps.append(Task.detached { await self.pump(exporter, lane) })
      isOpen.store(true, ordering: .releasing)
    }
  }

  /// Carries batches to one exporter until the emitter is closed and all is sent.
  private func pump(_ exporter: any Exporter, _ lane: Int) async {
    let interval = exporter.batching.interval
    while let batch = await next(lane, interval: interval) {
      let refused = await write(batch, to: exporter)
      let finished = state.withLock { state in
        state.lanes[lane].buffer.settle(dropped: refused)
        return state.takeFlushes(lane)
      }
      for flush in finished { flush.resume() }
    }
    await exporter.close()
    let waiting = state.withLock { state in
      state.lanes[lane].isFinished = true
      return state.takeFlushes(lane)
    }
    for flush in waiting { flush.resume() }
  }

  /// Returns how many of the events, as they were emitted, did not arrive.
  private func write(_ batch: ExportBatch, to exporter: any Exporter) async -> Int {
    var dropped = 0
    do {
      for rejection in try await exporter.write(batch) where batch.events.indices.contains(rejection.index) {
        dropped += Int(batch.events[rejection.index].count)
        report(exporter, 1, field: rejection.field, rejection.reason)
      }
    } catch {
      dropped = batch.events.reduce(0) { $0 + Int($1.count) }
      report(exporter, dropped, field: nil, error.message)
    }
    return dropped
  }

  private func report(_ exporter: any Exporter, _ events: Int, field: String?, _ message: String) {
    configuration.onProblem?(
      EmitterProblem(exporter: exporter.name, events: events, field: field, message: message))
  }

  /// Waits until a batch is full or its time has come; `nil` when the emitter is closed and all was taken.
  private func next(_ lane: Int, interval: Duration) async -> ExportBatch? {
    while true {
      enum Step {
        case send(ExportBatch)
        case wait(startsTimer: Bool)
        case end
      }
      var flushed: [CheckedContinuation<Void, Never>] = []
      let step: Step = state.withLock { state in
        let isClosed = state.isClosed
        if state.lanes[lane].buffer.hasBatch || state.lanes[lane].isDue || isClosed {
          let producer = state.lanes[lane].producer
          if let batch = state.lanes[lane].buffer.take(producer: producer, now: clock.now()) {
            return .send(batch)
          }
          state.lanes[lane].isDue = false
          flushed = state.takeFlushes(lane)
          if isClosed { return .end }
        }
        let startsTimer = !state.lanes[lane].buffer.isEmpty && !state.lanes[lane].isTimed
        if startsTimer { state.lanes[lane].isTimed = true }
        return .wait(startsTimer: startsTimer)
      }
      for flush in flushed { flush.resume() }
      switch step {
      case .send(let batch): return batch
      case .end: return nil
      case .wait(let startsTimer):
        if startsTimer { startTimer(lane, interval) }
        await sleepUntilWoken(lane)
      }
    }
  }

  private func sleepUntilWoken(_ lane: Int) async {
    await withCheckedContinuation { continuation in
      let wake = state.withLock { state in
        state.lanes[lane].pump = continuation
        // Something may have come since the last look.
        return state.lanes[lane].wake(isClosed: state.isClosed)
      }
      wake?.resume()
    }
  }

  private func startTimer(_ lane: Int, _ interval: Duration) {
    let clock = clock
    Task.detached { [weak self] in
      try? await clock.sleep(for: interval)
      guard let self else { return }
      let wake = self.state.withLock { state in
        state.lanes[lane].isTimed = false
        state.lanes[lane].isDue = !state.lanes[lane].buffer.isEmpty
        return state.lanes[lane].wake(isClosed: state.isClosed)
      }
      wake?.resume()
    }
  }

  // MARK: Out

  var ledgers: [(exporter: String, ledger: Emitter.Ledger)] {
    state.withLock { state in state.lanes.map { ($0.name, $0.buffer.ledger) } }
  }

  func flush(within limit: Duration) async -> Bool {
    let lanes = state.withLock { $0.lanes.count }
    return await race(against: limit) {
      for lane in 0..<lanes { await self.flush(lane) }
    }
  }

  /// Ends what can still be emitted; the exporters' tasks send the rest.
  func close() {
    let wakes = state.withLock { state in
      state.isClosed = true
      isOpen.store(false, ordering: .releasing)
      return state.wakeAll()
    }
    wakes.resume()
  }

  func shutDown(within limit: Duration) async -> Bool {
    close()
    let pumps = state.withLock { $0.pumps }
    let inTime = await race(against: limit) {
      for lane in pumps.indices { await self.flush(lane) }
    }
    if !inTime {
      // What waits is given up first, so that the cancelled tasks find nothing more to do.
      state.withLock { state in
        for lane in state.lanes.indices { state.lanes[lane].buffer.discard() }
      }
      for pump in pumps { pump.cancel() }
    }
    for pump in pumps { await pump.value }
    return inTime
  }

  /// Waits until what was emitted before is sent or dropped, or the task is cancelled.
  private func flush(_ lane: Int) async {
    let ticket = UInt64.random(in: 0 ... .max)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (done, wake) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
          state.lanes[lane].buffer.announceGap(now: clock.now())
          if state.lanes[lane].isFinished || state.lanes[lane].buffer.isIdle || Task.isCancelled {
            return (true, nil)
          }
          state.lanes[lane].isDue = true
          let target = state.lanes[lane].buffer.ledger.emitted
          state.lanes[lane].flushes[ticket] = Flush(target: target, waiter: continuation)
          return (false, state.lanes[lane].wake(isClosed: state.isClosed))
        }
        wake?.resume()
        if done { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.lanes[lane].flushes.removeValue(forKey: ticket) }?.waiter.resume()
    }
  }

  /// Runs `body` until it ends (true) or the limit has passed (false; then it is cancelled).
  private func race(against limit: Duration, _ body: @escaping @Sendable () async -> Void) async -> Bool {
    let clock = clock
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await body()
        return true
      }
      group.addTask {
        try? await clock.sleep(for: limit)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
  }
}

/// Tasks to resume once the lock is left.
private struct Wakes {
  var tasks: [CheckedContinuation<Void, Never>] = []

  func resume() {
    for task in tasks { task.resume() }
  }
}

extension EmitterCore.State {
  /// Puts an event into the buffers, or what may be said of it.
  fileprivate mutating func take(_ event: consuming Event, size: Int) -> Wakes {
    guard redactor != nil else { return append(event, size: size) }
    let time = Timestamp(nanoseconds: event.time)
    var wakes = Wakes()
    var ids = self.ids
    let cleaned = redactor?.clean(event) { EventID(minted: ids.next(at: time)) } ?? []
    self.ids = ids
    for event in cleaned {
      let size = event.estimatedSize
      wakes.tasks += append(event, size: size).tasks
    }
    return wakes
  }

  fileprivate mutating func append(_ event: consuming Event, size: Int) -> Wakes {
    var wakes = Wakes()
    // The last buffer takes the event over, so that one exporter costs no copy.
    for lane in lanes.indices.dropLast() { lanes[lane].append(copy event, size, &wakes) }
    if !lanes.isEmpty { lanes[lanes.count - 1].append(event, size, &wakes) }
    return wakes
  }

  fileprivate mutating func wakeAll() -> Wakes {
    var wakes = Wakes()
    for lane in lanes.indices {
      if let wake = lanes[lane].wake(isClosed: isClosed) { wakes.tasks.append(wake) }
    }
    return wakes
  }

  /// Those who have waited long enough.
  fileprivate mutating func takeFlushes(_ lane: Int) -> [CheckedContinuation<Void, Never>] {
    guard !lanes[lane].flushes.isEmpty else { return [] }
    let ledger = lanes[lane].buffer.ledger
    let isFinished = lanes[lane].isFinished
    let done = lanes[lane].flushes.filter { isFinished || $0.value.target <= ledger.sent + ledger.dropped }
    for ticket in done.keys { lanes[lane].flushes[ticket] = nil }
    return done.values.map(\.waiter)
  }
}

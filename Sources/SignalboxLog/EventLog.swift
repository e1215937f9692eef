import Signalbox
import Synchronization
package import Wire

/// The log: every event in one order, each at its position, stored before it is shown.
///
/// Submit from any thread; read through readers, each on one thread at a time. Close it, or what was not
/// committed yet may be lost with the process.
package final class EventLog: Sendable {
  let core: LogCore
  /// The writer's, upkeep's and the checkpoints' thread; empty once they ended.
  private let threads: Guarded<[SystemThread]>

  /// Opens the log of a folder, or begins one: reads the unsealed tail back, sets aside what cannot be used
  /// (`LogOptions.notice` tells), and starts its threads. Fails when the folder cannot be written or another
  /// process uses it.
  package static func open(_ options: LogOptions) throws(LogError) -> EventLog {
    EventLog(try Opening(options).run())
  }

  private init(_ opened: Opening.Result) {
    core = opened.core
    threads = Guarded([
      SystemThread { opened.writer.run() },
      SystemThread(background: true) { opened.upkeep.run() },
      SystemThread(background: true) { opened.checkpointer.run() },
    ])
  }

  // MARK: Writing

  /// Queues a batch of validated events, each with `received`; never blocks. When it was accepted, `completion`
  /// is called exactly once, after the commit, on the writer's thread: it must only enqueue.
  package func submit(
    _ batch: EventBatch, completion: @escaping @Sendable (SubmitResult) -> Void
  ) -> SubmitAdmission {
    let admission = core.inbox.put(Submission(batch: batch, completion: completion))
    if admission != .accepted { core.metrics.with { $0.refused += 1 } }
    return admission
  }

  /// Calls `observer` with every commit, in order, on the writer's thread: it must only enqueue. Commits made
  /// before are not shown.
  package func onCommit(_ observer: @escaping @Sendable (CommittedBatch) -> Void) {
    core.observers.with { $0.append(observer) }
  }

  /// Calls `body` on the writer's thread whenever the observers have seen a commit and all who submitted to it, or to
  /// one that failed, have been answered.
  package func afterAnswers(_ body: @escaping @Sendable () -> Void) {
    core.answered.with { $0.append(body) }
  }

  /// A producer said that it lives: from its first heartbeat on, its silence makes its open spans lost.
  package func heartbeat(producer: String) { core.inbox.put(.heartbeat(producer: producer)) }

  // MARK: Positions

  /// The offset the next event will get; 1 while nothing was ever stored.
  package var tip: UInt64 { core.tip.load(ordering: .acquiring) }
  /// The first offset that retention has left; `tip` when there is none.
  package var firstRetained: UInt64 { core.firstRetained.load(ordering: .acquiring) }
  /// The name of this opening.
  package var epoch: UInt64 { core.currentEpoch }
  /// The position of the last stored event: what a reader has read up to who has read all.
  package var lastPosition: Position { position(of: tip - 1) }

  /// The position of an offset: with the epoch that wrote it.
  package func position(of offset: UInt64) -> Position { core.position(of: offset) }

  /// Whether a reader can go on behind that position.
  package func validate(_ position: Position) -> PositionStanding {
    let (first, tip) = (firstRetained, tip)
    return core.epochs.with { $0.standing(of: position, firstRetained: first, tip: tip) }
  }

  // MARK: Reading and state

  /// A reader with its own connection; use it on one thread at a time.
  package func makeReader() throws(LogError) -> LogReader {
    do { return try LogReader(core) } catch {
      throw LogError(code: .database, message: "\(core.files.database) cannot be read: \(error)")
    }
  }

  package var metrics: LogMetrics {
    var metrics = core.metrics.with { $0 }
    let depth = core.inbox.depth
    metrics.pendingEvents = depth.events
    metrics.pendingBytes = depth.bytes
    metrics.unsealedEvents = tip - core.sealedUpTo.load(ordering: .relaxed)
    metrics.databaseBytes = LogFiles.size(of: core.files.database)
    metrics.walBytes = LogFiles.size(of: core.files.wal)
    return metrics
  }

  /// Why submissions are refused now; nil while they are taken.
  package var unavailable: String? { core.inbox.refusal?.message }

  // MARK: Ending

  /// Stores what waits, writes back what is in memory and ends the threads. Later submissions are refused.
  /// Not to be called from a completion or an observer.
  package func close() {
    let running = threads.with { threads in
      defer { threads.removeAll() }
      return threads
    }
    // The writer first, so that upkeep and the last checkpoint see all it wrote.
    for (thread, stop) in zip(running, [stopWriter, stopUpkeep, stopCheckpoints]) {
      stop()
      thread.join()
    }
    if !running.isEmpty { core.files.unlock() }
  }

  deinit {
    // Ends the threads without waiting: the last reference may be dropped on one of them.
    stopWriter()
    stopUpkeep()
    stopCheckpoints()
  }

  private func stopWriter() { core.inbox.close() }
  private func stopUpkeep() { core.upkeep.broadcast { $0.isStopping = true } }
  private func stopCheckpoints() { core.checkpoint.broadcast { $0.isStopping = true } }

  /// Seals, trims and looks for lost spans now instead of at the next turn, and waits until that is done. What
  /// was submitted before is stored by then.
  package func runUpkeep() {
    let stored = Guarded(false)
    core.inbox.put(.reap)
    core.inbox.put(.barrier { stored.broadcast { $0 = true } })
    stored.wait { $0 ? () : nil }
    var turn: UInt64 = 0
    core.upkeep.broadcast { calls in
      calls.requested += 1
      turn = calls.requested
    }
    core.upkeep.wait { $0.finished >= turn || $0.isStopping ? () : nil }
  }
}

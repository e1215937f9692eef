internal import Signalbox
package import SignalboxLog

/// A few threads that read the log, so that no loop ever waits for the disk.
///
/// Jobs are bounded in number; each is small, since what it reads is bounded by its own limits.
package final class ReaderPool: Sendable {
  private struct State {
    var jobs: [@Sendable (LogReader) -> Void] = []
    var first = 0
    var stopped = false
    var depth: Int { jobs.count - first }
  }

  private let state: Guarded<State>
  private let capacity: Int
  private let threads: Guarded<[SystemThread]>

  /// - Parameters:
  ///   - threads: how many read at once.
  ///   - capacity: jobs that may wait; 4096.
  package init(log: EventLog, threads count: Int, capacity: Int = 4096) throws(LogError) {
    self.capacity = capacity
    let state = Guarded(State())
    self.state = state
    var running: [SystemThread] = []
    for _ in 0..<count {
      // Made here, so that a start fails when it must.
      let reader = try log.makeReader()
      running.append(
        SystemThread {
          while let job = Self.next(state) { job(reader) }
        })
    }
    threads = Guarded(running)
  }

  private static func next(_ state: Guarded<State>) -> (@Sendable (LogReader) -> Void)? {
    state.wait { state -> (@Sendable (LogReader) -> Void)?? in
      if state.depth == 0 { return state.stopped ? .some(nil) : nil }
      let job = state.jobs[state.first]
      state.first += 1
      if state.depth == 0 {
        state.jobs.removeAll(keepingCapacity: true)
        state.first = 0
      } else if state.first > 1024 {
        state.jobs.removeFirst(state.first)
        state.first = 0
      }
      return .some(job)
    }
  }

  /// Runs a job on one of the threads; false when too many wait already.
  package func submit(_ job: @escaping @Sendable (LogReader) -> Void) -> Bool {
    var accepted = false
    state.signal { state in
      guard !state.stopped, state.depth < capacity else { return }
      state.jobs.append(job)
      accepted = true
    }
    return accepted
  }

  /// Jobs that wait.
  package var depth: Int { state.with { $0.depth } }

  /// Runs what waits, then ends the threads.
  package func stop() {
    state.broadcast { $0.stopped = true }
    for thread in threads.with({ $0 }) { thread.join() }
  }
}

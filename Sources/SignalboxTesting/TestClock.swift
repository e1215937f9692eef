public import Signalbox
import Synchronization

/// A clock that stands still until the test moves it.
public final class TestClock: EventClock {
  private struct Sleeper {
    let deadline: Int64
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Int64
    var sleepers: [UInt64: Sleeper] = [:]
    var nextTicket: UInt64 = 0
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state: Mutex<State>

  /// `start`: nanoseconds since 1970; default 2026-11-21T09:30:00Z.
  public init(start: Int64 = 1_795_253_400_000_000_000) { state = Mutex(State(now: start)) }

  public func now() -> Int64 { state.withLock { $0.now } }

  public func sleep(for duration: Duration) async throws {
    let (seconds, attoseconds) = duration.components
    let length = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
          if Task.isCancelled { return nil }
          state.sleepers[ticket] = Sleeper(deadline: state.now + length, continuation: continuation)
          let ready = state.watchers.filter { $0.count <= state.sleepers.count }
          state.watchers.removeAll { $0.count <= state.sleepers.count }
          return ready.map(\.continuation)
        }
        guard let watchers else { return continuation.resume(throwing: CancellationError()) }
        for watcher in watchers { watcher.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: ticket) }?.continuation.resume(
        throwing: CancellationError())
    }
  }

  /// Returns once so many tasks sleep by this clock.
  public func sleepers(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        guard state.sleepers.count < count else { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  /// Moves the time on and wakes those whose time has come.
  public func advance(by duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let woken = state.withLock { state in
      state.now += seconds * 1_000_000_000 + attoseconds / 1_000_000_000
      let due = state.sleepers.filter { $0.value.deadline <= state.now }
      for ticket in due.keys { state.sleepers[ticket] = nil }
      return due.values.sorted { $0.deadline < $1.deadline }.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }
}

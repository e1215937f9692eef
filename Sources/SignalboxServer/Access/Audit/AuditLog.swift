internal import Signalbox
internal import SignalboxLog

/// Writes a line for every refusal, at a bounded rate and on a thread of its own: a terminal that nobody reads stops
/// no loop, and an attacker fills no disk. What gets no line is counted, and told by the next line.
package final class AuditLog: Sendable {
  private struct State {
    var waiting: [Refusal] = []
    var budget: TokenBuckets<Int>
    /// Refusals since the last line that got none.
    var suppressed = 0
    var isStopped = false
  }

  /// Lines that may wait for the thread.
  private static let queueLimit = 256

  private let state: Guarded<State>
  private let thread: Guarded<SystemThread?>

  /// - Parameters:
  ///   - rate: lines; 10 a second, 50 at once.
  ///   - write: gets each line, without its end, on the audit's thread.
  package init(
    rate: Rate = Rate(perSecond: 10, burst: 50), write: @escaping @Sendable (String) -> Void
  ) {
    let state = Guarded(State(budget: TokenBuckets(rate, capacity: 1)))
    self.state = state
    thread = Guarded(
      SystemThread {
        while let (refusal, suppressed) = Self.next(state) { write(refusal.line(suppressed: suppressed)) }
      })
  }

  private static func next(_ state: Guarded<State>) -> (Refusal, Int)? {
    state.wait { state -> (Refusal, Int)?? in
      guard !state.waiting.isEmpty else { return state.isStopped ? .some(nil) : nil }
      defer { state.suppressed = 0 }
      return .some((state.waiting.removeFirst(), state.suppressed))
    }
  }

  /// Has a line written, unless there were too many of late. Never blocks.
  package func note(_ refusal: Refusal, at now: UInt64) {
    state.signal { state in
      guard !state.isStopped, state.waiting.count < Self.queueLimit, state.budget.take(0, at: now) == nil
      else {
        state.suppressed += 1
        return
      }
      state.waiting.append(refusal)
    }
  }

  /// Writes what waits and ends the thread.
  package func stop() {
    state.broadcast { $0.isStopped = true }
    thread.with { $0.take() }?.join()
  }
}

internal import Signalbox

/// What came of work that had only so long.
struct TimedOutcome<Value: Sendable>: Sendable {
  var value: Value
  /// The time was up before it was done, and it was cancelled.
  var isLate: Bool
}

/// Runs `body` and cancels it when it takes longer than `limit`; waits for it in any case.
func within<Value: Sendable>(
  _ limit: Duration?, _ clock: any EventClock, _ body: @escaping @Sendable () async -> Value
) async -> TimedOutcome<Value> {
  guard let limit else { return TimedOutcome(value: await body(), isLate: false) }
  return await withTaskGroup(of: Value?.self) { group in
    group.addTask { await body() }
    group.addTask {
      // Cancelled when the work is done: then nobody looks at it.
      try? await clock.sleep(for: limit)
      return nil
    }
    var isLate = false
    var value: Value?
    for await next in group {
      // A sleep that was cancelled with everything else ended nothing.
      if let next { value = next } else if value == nil, !Task.isCancelled { isLate = true }
      group.cancelAll()
    }
    guard let value else { preconditionFailure("The work returns a value") }
    return TimedOutcome(value: value, isLate: isLate)
  }
}

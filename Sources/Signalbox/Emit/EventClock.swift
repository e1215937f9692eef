import Wire

/// Where the time comes from; tests put in one that they move by hand.
public protocol EventClock: Sendable {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  func now() -> Int64
  /// Nanoseconds since any moment, by a clock that only goes forward: for durations and deadlines. Default:
  /// `now()`.
  func steady() -> Int64
  /// Throws `CancellationError` when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

extension EventClock {
  public func steady() -> Int64 { now() }
}

/// The machine's clock.
public struct SystemEventClock: EventClock {
  public init() {}

  public func now() -> Int64 { Timestamp.now().nanoseconds }

  public func steady() -> Int64 { Int64(SystemTime.monotonic) }

  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

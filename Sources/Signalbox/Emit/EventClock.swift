import Wire

/// Where the time comes from; tests put in one that they move by hand.
public protocol EventClock: Sendable {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  func now() -> Int64
  /// Throws `CancellationError` when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// The machine's clock.
public struct SystemEventClock: EventClock {
  public init() {}

  public func now() -> Int64 { Timestamp.now().nanoseconds }

  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

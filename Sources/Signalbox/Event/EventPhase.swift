/// What an event does to its span. Only this opens or ends a span.
public enum EventPhase: String, Sendable, Hashable, CaseIterable {
  case start, delta, usage, progress, restart, end, error

  /// Opens or ends a span, so it is dropped last.
  var isLifecycle: Bool { self == .start || self == .end || self == .error }
}

/// An error that says how the span ends that it leaves; of any other error a span says `failed`, or `cancelled` where
/// the task was cancelled, and the error's description.
public protocol SpanFailure: Error {
  var spanReason: SpanReason { get }
  /// A short stable name of what went wrong; nil: none.
  var spanCode: String? { get }
  /// A plain sentence.
  var spanMessage: String { get }
}

extension SpanFailure {
  public var spanReason: SpanReason { .failed }
  public var spanCode: String? { nil }
  public var spanMessage: String { "\(self)" }
}

/// Why a span ends otherwise than well, as far as its own process knows.
public enum SpanReason: String, Sendable, Hashable, CaseIterable {
  /// It said so.
  case failed
  /// Its caller gave up.
  case cancelled
  /// It stopped without its end: a limit was reached.
  case incomplete
}

/// An error that knows whether the same work may succeed when it is done again. Steps of a chain with
/// `Step.retry` ask it.
public protocol RetryableError: Error {
  /// Doing the same again may succeed.
  var isRetryable: Bool { get }
  /// Whoever threw it has tried again already, and given up. A step leaves such an error alone: retries within retries
  /// multiply. Default false.
  var wasRetried: Bool { get }
  /// How long to wait before that, at least; nil: nobody said.
  var retryAfter: Duration? { get }
}

extension RetryableError {
  public var wasRetried: Bool { false }
  public var retryAfter: Duration? { nil }
}

/// An error that knows whether the same work may succeed when it is done again. Steps of a chain with
/// `Step.retry` ask it.
public protocol RetryableError: Error {
  /// Doing the same again may succeed.
  var isRetryable: Bool { get }
  /// How often it was tried already, by whoever threw it. What was tried more than once is not tried again by a step:
  /// retries within retries multiply. Default 1.
  var attempts: Int { get }
  /// How long to wait before that, at least; nil: nobody said.
  var retryAfter: Duration? { get }
}

extension RetryableError {
  public var attempts: Int { 1 }
  public var retryAfter: Duration? { nil }
}

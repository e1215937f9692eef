/// One attempt of a call that may be tried again.
public struct RetryAttempt: Sendable, Hashable {
  /// 1, 2, ….
  public var number: Int
  /// How much time the whole call has left; nil without a deadline.
  public var remaining: Duration?
  /// The same in every attempt of the call: 32 hexadecimal digits.
  public var idempotencyKey: String
}

public import Signalbox

/// Whether and when a call is tried again.
public struct RetryPolicy: Sendable, Hashable {
  /// What becomes of a stream that breaks after it delivered text.
  public enum AfterText: Sendable, Hashable {
    /// It fails: the caller has what came, and nothing is doubled. The default.
    case fail
    /// It is begun again; a restart event says which deltas are void.
    case restart
  }

  /// Requests at most, the first among them. Default 3; 1 never tries again.
  public var attempts: Int
  /// The waits between them where the provider asks for none: default 0.5 s, doubled each time, at most 30 s,
  /// give or take 10 %.
  public var backoff: Backoff
  /// A provider that asks for more patience than that has it taken for a failure. Default 120 s.
  public var longestRetryAfter: Duration
  /// How long all attempts and the waits between them may take together; nil, the default: without limit.
  public var deadline: Duration?
  /// Default: fail.
  public var afterText: AfterText
  /// The header that carries the same key in every attempt, by provider, so that a server or a proxy that
  /// knows it can answer once. Default: `Idempotency-Key` for `openai`. No provider promises that a generation
  /// is made only once; a retry may be paid twice.
  public var idempotencyHeaders: [String: String]

  public init(
    attempts: Int = 3, backoff: Backoff = Backoff(), longestRetryAfter: Duration = .seconds(120),
    deadline: Duration? = nil, afterText: AfterText = .fail,
    idempotencyHeaders: [String: String] = ["openai": "Idempotency-Key"]
  ) {
    self.attempts = max(attempts, 1)
    self.backoff = backoff
    self.longestRetryAfter = longestRetryAfter
    self.deadline = deadline
    self.afterText = afterText
    self.idempotencyHeaders = idempotencyHeaders
  }

  /// One attempt and no more.
  public static let never = RetryPolicy(attempts: 1)
}

public import Signalbox

/// Why a model call did not succeed.
public struct LLMError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, by a short stable name; more may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }

    /// The request cannot be sent as it stands, or the provider refused its form (400, 404, 413, 422).
    public static let invalidRequest = Code("invalid_request")
    /// No key, or one that is refused (401, 403).
    public static let unauthorized = Code("unauthorized")
    /// Too many requests or tokens (429).
    public static let rateLimited = Code("rate_limited")
    /// The provider cannot take more now (503, 529).
    public static let overloaded = Code("overloaded")
    /// The provider failed (other 5xx), or said so inside its reply.
    public static let providerFailed = Code("provider_failed")
    /// No address, no connection, no TLS, or a connection that broke before the reply began.
    public static let unreachable = Code("unreachable")
    /// Connecting, the first byte, the next byte or the whole took too long.
    public static let timeout = Code("timeout")
    /// The reply broke off without its end.
    public static let incomplete = Code("incomplete")
    /// What came is no reply in the provider's format, or is larger than the limits allow.
    public static let badReply = Code("bad_reply")
    /// The reply is not the JSON that was asked for.
    public static let badJSON = Code("bad_json")
    /// The caller's task was cancelled, or the stream was dropped.
    public static let cancelled = Code("cancelled")
    /// The circuit breaker of this upstream is open: nothing was sent.
    public static let circuitOpen = Code("circuit_open")
  }

  public var code: Code
  /// A plain sentence without keys.
  public var message: String
  /// The provider's own code, where it gave one.
  public var providerCode: String?
  /// The HTTP status, where there was one.
  public var status: Int?
  /// Sending the same request again may succeed.
  public var isRetryable: Bool
  /// How long the provider asked to wait.
  public var retryAfter: Duration?
  /// Requests that were sent; more than 1 after retries.
  public var attempts = 1
  /// What had come before the reply broke off; nil when nothing had.
  public var partial: Reply?
  /// The limit of its budget that the call exceeded; the code is `cancelled` then.
  public var budget: Budget.Limit?

  public init(
    _ code: Code, _ message: String, providerCode: String? = nil, status: Int? = nil,
    isRetryable: Bool = false, retryAfter: Duration? = nil, partial: Reply? = nil
  ) {
    self.code = code
    self.message = message
    self.providerCode = providerCode
    self.status = status
    self.isRetryable = isRetryable
    self.retryAfter = retryAfter
    self.partial = partial
  }

  public var description: String { "\(code): \(message)" }
}

public import Signalbox

/// Why a run of a service gave no answer.
public struct ServiceError: RetryableError, Sendable, CustomStringConvertible {
  /// Where it went wrong, by a short stable name; more may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }

    /// The request could not be made of the input: nothing was sent.
    public static let request = Code("request")
    /// The model could not be asked, or did not answer.
    public static let call = Code("call")
    /// It answered, and the codec could not read that.
    public static let answer = Code("answer")
    /// The caller's task was cancelled.
    public static let cancelled = Code("cancelled")
  }

  public var code: Code
  /// A plain sentence. It may quote the answer.
  public var message: String
  public var identity: Identity
  public var correlationID: String
  /// Requests that were sent; 0: none.
  public var attempts: Int
  /// Doing the same again may succeed.
  public var isRetryable: Bool
  /// How long the provider asked to wait.
  public var retryAfter: Duration?
  /// What the model answered, as far as it did.
  public var reply: Reply?
  public var underlying: any Error

  public var wasRetried: Bool { code == .call && attempts > 1 }

  public var description: String { "\(identity): \(message)" }
}

extension LLMError: RetryableError {
  /// An answer that cannot be read was not asked for again.
  public var wasRetried: Bool { attempts > 1 && code != .badJSON }
}

extension ServiceError {
  /// `underlying`: what making the request, the call, or the codec threw.
  init(_ stage: Code, _ underlying: any Error, _ identity: Identity, _ correlationID: String, reply: Reply?) {
    let error = underlying as? LLMError
    let isCancelled = underlying is CancellationError || error?.code == .cancelled
    code = isCancelled ? .cancelled : stage
    message = error?.message ?? "\(underlying)"
    self.identity = identity
    self.correlationID = correlationID
    attempts = reply?.attempts ?? (stage == .request ? 0 : error?.attempts ?? 1)
    // Another answer may be readable.
    isRetryable = error?.isRetryable ?? (stage == .answer)
    retryAfter = error?.retryAfter
    self.reply = reply ?? error?.partial
    self.underlying = underlying
  }

  /// The message without a word of the prompt or the answer.
  var discreetMessage: String {
    switch code {
    case .request: "the request could not be made: \(type(of: underlying))"
    case .answer: "the answer is not what was asked for"
    case .cancelled: "the run was cancelled"
    default:
      // A provider's message may quote the prompt.
      (underlying as? LLMError)?.status == nil ? message : "the provider answered with an error"
    }
  }
}

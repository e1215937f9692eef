internal import Fetch
internal import Signalbox
internal import Wire

extension LLMError {
  static let cancelled = LLMError(.cancelled, "the call was cancelled")

  /// What a provider said.
  init(_ failure: CallFailure) {
    let message = failure.message.withUnsafeBytes { ReplyAssembler.unescaped($0) }
    let providerCode = failure.code.withUnsafeBytes { ReplyAssembler.unescaped($0) }
    let code: Code =
      switch (failure.reason, failure.status) {
      case (.incomplete, _): .incomplete
      case (.cancelled, _): .cancelled
      case (_, 401?), (_, 403?): .unauthorized
      case (_, 429?): .rateLimited
      case (_, 503?), (_, 529?): .overloaded
      case (_, let status?) where 400..<500 ~= status: .invalidRequest
      case _ where providerCode == "bad_reply": .badReply
      default: .providerFailed
      }
    self.init(
      code, message, providerCode: providerCode.isEmpty ? nil : providerCode, status: failure.status,
      isRetryable: failure.isRetryable ?? (failure.reason == .incomplete),
      retryAfter: failure.retryAfter.map { .nanoseconds(Int64(min($0, 1e9) * 1e6)) })
  }

  /// Why a transfer failed; `hasBegun`: after the reply's head had come.
  init(_ error: FetchError, hasBegun: Bool) {
    let code: Code =
      switch error.code {
      case .cancelled: .cancelled
      case .timeout: .timeout
      case .invalidRequest: .invalidRequest
      case .tooLarge, .malformedResponse: .badReply
      case .partialBody, .reset: hasBegun ? .incomplete : .unreachable
      case .overloaded: .overloaded
      case .couldNotResolve, .couldNotConnect, .tls, .other: hasBegun ? .incomplete : .unreachable
      }
    self.init(code, error.message, isRetryable: error.isRetryable)
  }
}

package import Fetch
internal import JSONScan
package import Wire

extension LLMError {
  /// A transfer that broke. `replyBegan`: a piece of the reply's body had come.
  package init(_ error: FetchError, replyBegan: Bool) {
    let code: Code =
      switch error.code {
      case .cancelled: .cancelled
      case .timeout: .timeout
      case .invalidRequest: .invalidRequest
      case .malformedResponse, .tooLarge: .badReply
      case .reset, .partialBody: replyBegan ? .incomplete : .unreachable
      case .couldNotResolve, .couldNotConnect, .tls, .overloaded, .other: .unreachable
      }
    self.init(code, error.message, isRetryable: error.isRetryable)
  }

  /// Why a reply is no success, as the decoder says it.
  package init(_ failure: CallFailure, format: ReplyFormat) {
    var text = ByteWriter(capacity: failure.message.count)
    failure.message.withUnsafeBytes { text.append(unescapingJSON: $0) }
    let said = failure.code.isEmpty ? nil : String(decoding: failure.code, as: UTF8.self)
    switch failure.reason {
    case .cancelled: self.init(.cancelled, text.string)
    case .incomplete: self.init(.incomplete, text.string, status: failure.status, isRetryable: true)
    case .failed where said == "bad_reply": self.init(.badReply, text.string, status: failure.status)
    case .failed:
      let verdict = failure.verdict(format)
      self.init(
        verdict.code, text.string, providerCode: said, status: failure.status,
        isRetryable: failure.isRetryable ?? verdict.isRetryable,
        retryAfter: failure.retryAfter.map { .nanoseconds(Int64(min($0, 1e9) * 1e6)) })
    }
  }

  /// A response that refuses the request.
  ///
  /// - Parameters:
  ///   - headers: looks a header up, whatever its case.
  ///   - body: as it came, decoded from its content encoding.
  ///   - now: the time by the wall, for a `Retry-After` that is a date.
  package init(
    status: Int, headers: (String) -> String?, body: UnsafeRawBufferPointer, format: ReplyFormat,
    now: Timestamp
  ) {
    let decoder = ReplyDecoder(format, parser: JSONParser())
    decoder.respond(
      status: status, contentEncoding: nil, retryAfter: RetryAfter.milliseconds(headers, now: now),
      shouldRetry: RetryAfter.shouldRetry(headers))
    decoder.receive(body) { _ in }
    let failure = decoder.finish { _ in }
    self =
      failure.map { LLMError($0, format: format) }
      ?? LLMError(.badReply, "The provider answered with status \(status)", status: status)
  }
}

import Testing

@testable import SignalboxLLM

struct FailureRulesTests {
  @Test(arguments: ReplyFormat.allCases)
  func serverErrorsAndRateLimitsMayPass(_ format: ReplyFormat) {
    for status in [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529] {
      #expect(FailureRules.isRetryable(status: status, format: format), "\(status)")
    }
    for status in [400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 424, 451, 501, 505, 525] {
      #expect(!FailureRules.isRetryable(status: status, format: format), "\(status)")
    }
  }

  @Test func aConflictPassesWhereTheOfficialClientsTryAgain() {
    let passing = ReplyFormat.allCases.filter { FailureRules.isRetryable(status: 409, format: $0) }
    #expect(passing == [.chat, .completions, .embeddings, .responses, .messages])
  }

  @Test func aQuotaThatIsUsedUpDoesNotPass() {
    let verdict = FailureRules.verdict(status: 429, providerCode: "insufficient_quota", format: .chat)
    #expect(verdict == .init(code: .rateLimited, isRetryable: false))
    let limit = FailureRules.verdict(status: 429, providerCode: "rate_limit_exceeded", format: .chat)
    #expect(limit == .init(code: .rateLimited, isRetryable: true))
  }

  @Test func anErrorInsideAReplyIsReadByItsName() {
    func verdict(_ name: String?) -> FailureRules.Verdict {
      FailureRules.verdict(status: nil, providerCode: name, format: .messages)
    }
    #expect(verdict("overloaded_error") == .init(code: .overloaded, isRetryable: true))
    #expect(verdict("invalid_request_error") == .init(code: .invalidRequest, isRetryable: false))
    #expect(verdict("never_heard_of") == .init(code: .providerFailed, isRetryable: true))
    #expect(verdict(nil) == .init(code: .providerFailed, isRetryable: true))
  }

  @Test func aNameNeverMakesARefusalRetryable() {
    let verdict = FailureRules.verdict(status: 400, providerCode: "server_error", format: .chat)
    #expect(!verdict.isRetryable)
  }

  @Test func theServersHeaderDecidesExceptForRefusals() {
    #expect(!FailureRules.isRetryable(true, status: 503, shouldRetry: false))
    #expect(FailureRules.isRetryable(false, status: 501, shouldRetry: true))
    #expect(FailureRules.isRetryable(true, status: 503, shouldRetry: nil))
    for status in [400, 401, 403, 404, 422] {
      #expect(!FailureRules.isRetryable(false, status: status, shouldRetry: true), "\(status)")
    }
  }

  @Test(arguments: [
    (400, LLMError.Code.invalidRequest), (401, .unauthorized), (402, .unauthorized), (403, .unauthorized),
    (404, .invalidRequest), (408, .timeout), (413, .invalidRequest), (429, .rateLimited),
    (500, .providerFailed), (502, .providerFailed), (503, .overloaded), (504, .timeout),
    (520, .providerFailed),
    (522, .timeout), (529, .overloaded),
  ])
  func everyStatusHasACode(_ status: Int, _ code: LLMError.Code) {
    #expect(FailureRules.verdict(status: status, providerCode: nil, format: .chat).code == code)
  }
}

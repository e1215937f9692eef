import Fetch
import SignalboxLLM
import Testing
import Wire

/// What a refused request, a broken transfer and a broken reply become.
struct LLMErrorMappingTests {
  /// 2026-11-21T09:30:00Z.
  private static let now = Timestamp(nanoseconds: 1_795_253_400_000_000_000)

  private func refusal(
    _ status: Int, _ body: String, _ headers: [String: String] = [:], format: ReplyFormat = .chat
  ) -> LLMError {
    Array(body.utf8).withUnsafeBytes {
      LLMError(status: status, headers: { headers[$0] }, body: $0, format: format, now: Self.now)
    }
  }

  @Test func openAIsRateLimitMayPassAndItsQuotaMayNot() {
    let limit = refusal(
      429,
      #"{"error":{"message":"Rate limit reached for gpt-4o","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
      ["retry-after-ms": "1500", "retry-after": "2"])
    #expect(
      limit
        == LLMError(
          .rateLimited, "Rate limit reached for gpt-4o", providerCode: "rate_limit_exceeded", status: 429,
          isRetryable: true, retryAfter: .milliseconds(1500)))
    let quota = refusal(
      429,
      #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
      ["retry-after": "5"])
    #expect(quota.code == .rateLimited && !quota.isRetryable && quota.providerCode == "insufficient_quota")
  }

  @Test func anthropicsErrorsAreReadByType() {
    let body = #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#
    let error = refusal(529, body, ["x-should-retry": "true"], format: .messages)
    #expect(error.code == .overloaded && error.isRetryable && error.message == "Overloaded")
    #expect(!refusal(529, body, ["x-should-retry": "false"], format: .messages).isRetryable)
  }

  @Test func googlesErrorsAreReadByStatus() {
    let error = refusal(
      503, #"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
      format: .gemini)
    #expect(error.code == .overloaded && error.isRetryable && error.status == 503)
    let invalid = refusal(
      400, #"{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}"#, format: .gemini)
    #expect(invalid.code == .invalidRequest && !invalid.isRetryable)
  }

  @Test func othersAreReadByTheStatusAlone() {
    let ollama = refusal(404, #"{"error":"model 'x' not found"}"#, format: .ollama)
    #expect(ollama.code == .invalidRequest && !ollama.isRetryable && ollama.message == "model 'x' not found")
    let page = refusal(502, "<html>Bad gateway</html>")
    #expect(
      page
        == LLMError(
          .providerFailed, "The provider answered with status 502", status: 502, isRetryable: true))
    #expect(refusal(503, "").code == .overloaded)
  }

  @Test func keysInMessagesAreCut() {
    let error = refusal(
      401, #"{"error":{"message":"Incorrect API key provided: sk-abcdef123456.","code":"invalid_api_key"}}"#)
    #expect(error.code == .unauthorized && !error.message.contains("abcdef"))
    #expect(error.message.hasPrefix("Incorrect API key provided: sk-"))
  }

  @Test(
    arguments: [
      ("7", 7_000.0), ("0.5", 500), ("Sat, 21 Nov 2026 09:30:10 GMT", 10_000),
      ("Sat, 21 Nov 2026 09:29:00 GMT", 0), ("1e9", nil), ("-1", nil), ("soon", nil), ("", nil),
      ("99999999999999999999", 1e15),
    ] as [(String, Double?)])
  func retryAfterIsSecondsOrADate(_ text: String, _ milliseconds: Double?) {
    #expect(RetryAfter.milliseconds(nil, seconds: text, now: Self.now) == milliseconds)
  }

  @Test func millisecondsAreTakenFirst() {
    #expect(RetryAfter.milliseconds("250", seconds: "9", now: Self.now) == 250)
    #expect(RetryAfter.milliseconds("x", seconds: "9", now: Self.now) == 9000)
    #expect(RetryAfter.milliseconds(nil, seconds: nil, now: Self.now) == nil)
  }

  @Test(arguments: [
    (FetchError.Code.couldNotResolve, LLMError.Code.unreachable, true),
    (.couldNotConnect, .unreachable, true),
    (.tls, .unreachable, false), (.reset, .unreachable, true), (.timeout(.firstByte), .timeout, true),
    (.timeout(.connect), .timeout, true), (.malformedResponse, .badReply, false),
    (.invalidRequest, .invalidRequest, false), (.cancelled, .cancelled, false),
  ])
  func aTransferThatBrokeBeforeTheReply(_ code: FetchError.Code, _ expected: LLMError.Code, _ again: Bool) {
    let error = LLMError(FetchError(code, "why"), replyBegan: false)
    #expect(error == LLMError(expected, "why", isRetryable: again))
  }

  @Test func aReplyThatBreaksOffIsIncomplete() {
    for code in [FetchError.Code.reset, .partialBody] {
      #expect(LLMError(FetchError(code, "why"), replyBegan: true).code == .incomplete)
    }
    let cut = LLMError(CallFailure(.incomplete, "The stream ended without its end"), format: .chat)
    #expect(cut.code == .incomplete && cut.isRetryable)
  }
}

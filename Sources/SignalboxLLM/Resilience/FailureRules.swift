/// What a provider's failure means, and whether the same request may succeed later: the one table that the client
/// and the gateway go by.
///
/// Sources: the retry rules of the official Python SDKs (openai, anthropic: 408, 409, 429 and server errors;
/// google-genai: 408, 429, 500, 502, 503, 504), the providers' lists of error codes, and, for 520–524, Cloudflare,
/// which stands before several of them.
package enum FailureRules {
  /// What a failure is, and whether it is worth another try.
  package struct Verdict: Equatable, Sendable {
    package var code: LLMError.Code
    package var isRetryable: Bool
  }

  /// What a refused request, or an error inside a reply (then `status` is nil), means.
  ///
  /// The provider's own name for it says more than the status, except that a status which is never worth
  /// another try is not outvoted. An error inside a reply whose name is not known is taken for the provider's
  /// fault: it had accepted the request.
  package static func verdict(status: Int?, providerCode: String?, format: ReplyFormat) -> Verdict {
    let named = providerCode.flatMap { Self.named[$0] }
    guard let status else { return named ?? Verdict(code: .providerFailed, isRetryable: true) }
    // `server_error` says no more than that it was the provider: 503 says more.
    let specific = named.flatMap { $0.code == .providerFailed ? nil : $0.code }
    return Verdict(
      code: specific ?? code(status: status),
      isRetryable: isRetryable(status: status, format: format) && named?.isRetryable ?? true)
  }

  package static func isRetryable(status: Int, format: ReplyFormat) -> Bool {
    switch status {
    case 408, 429, 500, 502, 503, 504, 520...524, 529: true
    // A lock that was held too long, for OpenAI's and Anthropic's SDKs; elsewhere a conflict that stays.
    case 409:
      switch format {
      case .chat, .completions, .embeddings, .responses, .messages: true
      case .gemini, .ollama, .converse: false
      }
    default: false
    }
  }

  /// Whether another try is worth it once the server has had its say: the header `x-should-retry` can always
  /// forbid one, and allows one unless the request itself is refused.
  package static func isRetryable(_ verdict: Bool, status: Int, shouldRetry: Bool?) -> Bool {
    switch shouldRetry {
    case true?: verdict || ![400, 401, 403, 404, 422].contains(status)
    case false?: false
    case nil: verdict
    }
  }

  private static func code(status: Int) -> LLMError.Code {
    switch status {
    case 401, 402, 403: .unauthorized
    case 408, 504, 522, 524: .timeout
    case 429: .rateLimited
    case 503, 529: .overloaded
    case 400..<500: .invalidRequest
    default: .providerFailed
    }
  }

  private static let named: [String: Verdict] = {
    func all(_ code: LLMError.Code, _ isRetryable: Bool, _ names: [String]) -> [(String, Verdict)] {
      names.map { ($0, Verdict(code: code, isRetryable: isRetryable)) }
    }
    return Dictionary(
      uniqueKeysWithValues: [
        // OpenAI, and those who speak its format.
        all(
          .rateLimited, false,
          ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]),
        all(.rateLimited, true, ["rate_limit_exceeded", "rate_limit_error", "tokens", "requests"]),
        all(.providerFailed, true, ["server_error", "internal_server_error", "api_error", "internal_error"]),
        all(
          .invalidRequest, false,
          [
            "invalid_request_error", "context_length_exceeded", "string_above_max_length", "model_not_found",
            "invalid_prompt", "unsupported_parameter", "unsupported_value", "content_policy_violation",
            "content_filter",
          ]),
        all(.unauthorized, false, ["invalid_api_key", "account_deactivated"]),
        all(.overloaded, true, ["engine_overloaded", "server_overloaded", "slow_down"]),
        // Anthropic.
        all(.overloaded, true, ["overloaded_error"]),
        all(.timeout, true, ["timeout_error"]),
        all(.unauthorized, false, ["authentication_error", "permission_error", "billing_error"]),
        all(.invalidRequest, false, ["not_found_error", "request_too_large"]),
        // Google: google.rpc.Code.
        all(.rateLimited, true, ["RESOURCE_EXHAUSTED"]),
        all(.overloaded, true, ["UNAVAILABLE"]),
        all(.providerFailed, true, ["INTERNAL", "UNKNOWN"]),
        all(.timeout, true, ["DEADLINE_EXCEEDED"]),
        all(
          .invalidRequest, false, ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "OUT_OF_RANGE"]),
        all(.unauthorized, false, ["UNAUTHENTICATED", "PERMISSION_DENIED"]),
        // Amazon Bedrock.
        all(.rateLimited, true, ["ThrottlingException", "throttlingException"]),
        all(
          .overloaded, true,
          ["ServiceUnavailableException", "serviceUnavailableException", "ModelNotReadyException"]),
        all(.providerFailed, true, ["InternalServerException", "internalServerException"]),
        all(.providerFailed, true, ["ModelStreamErrorException", "modelStreamErrorException"]),
        all(.timeout, true, ["ModelTimeoutException", "modelTimeoutException"]),
        all(
          .invalidRequest, false,
          ["ValidationException", "validationException", "ResourceNotFoundException", "ModelErrorException"]),
        all(.unauthorized, false, ["AccessDeniedException", "UnrecognizedClientException"]),
        all(.rateLimited, false, ["ServiceQuotaExceededException"]),
      ].joined())
  }()
}

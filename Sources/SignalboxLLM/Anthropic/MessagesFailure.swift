internal import JSONScan

extension ReplyPart.Failure {
  /// Reads `{"type": "error", "error": {"type", "message"}}`. Inside a stream the type is all that tells the status.
  init(anthropic root: JSONValueView) {
    self.init(root["error"] ?? root)
    guard status == nil, let code else { return }
    status = Self.anthropicStatuses.first { code.elementsEqual($0.type) }?.status
  }

  /// Documented on Anthropic's page about errors.
  private static let anthropicStatuses: [(type: StaticString, status: Int)] = [
    ("invalid_request_error", 400), ("authentication_error", 401), ("billing_error", 402),
    ("permission_error", 403), ("not_found_error", 404), ("request_too_large", 413),
    ("rate_limit_error", 429), ("api_error", 500), ("timeout_error", 504), ("overloaded_error", 529),
  ]
}

extension LLMError {
  static let cancelled = LLMError(.cancelled, "the call was cancelled")
}

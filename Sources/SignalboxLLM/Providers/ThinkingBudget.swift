/// Tokens to think with, for models that are told a number.
enum ThinkingBudget {
  /// Anthropic takes no less.
  static let least = 1024

  /// Nil: a word that is not known; 0: no thinking.
  static func tokens(_ effort: ReasoningEffort) -> Int? {
    switch effort {
    case .off: 0
    case .minimal: least
    case .low: 2048
    case .medium: 8192
    case .high: 16_384
    case .xhigh: 24_576
    case .max: 32_768
    default: nil
    }
  }
}

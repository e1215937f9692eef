/// Guesses how many tokens a text is, where the provider does not say.
public struct TokenEstimator: Sendable {
  /// Counts the tokens of a text as the model does.
  public typealias Tokenizer = @Sendable (String) -> Int

  /// Characters a token in English prose.
  public let charactersPerToken: Double
  /// How sure its numbers are, 0 … 1.
  public let confidence: Double
  private let tokenizer: Tokenizer?

  /// By a provider's rule of thumb: `openai` 4.0 characters a token (confidence 0.75), `anthropic` 3.5 (0.70), `xai`
  /// 4.2 (0.65), any other 4.0 (0.65). With a tokenizer of the model the confidence is 0.95: what a provider adds
  /// around messages is not counted.
  public init(provider: String, tokenizer: Tokenizer? = nil) {
    let (characters, confidence) =
      switch ModelName.canonical(provider: provider) {
      case "openai": (4.0, 0.75)
      case "anthropic": (3.5, 0.70)
      case "xai": (4.2, 0.65)
      default: (4.0, 0.65)
      }
    charactersPerToken = characters
    self.confidence = tokenizer == nil ? confidence : 0.95
    self.tokenizer = tokenizer
  }

  /// The tokens of a text, about.
  public func tokens(in text: String) -> Int64 {
    if let tokenizer { return Int64(tokenizer(text)) }
    return Int64((Double(text.unicodeScalars.count) / charactersPerToken).rounded(.up))
  }

  /// The usage of a call from its texts.
  public func usage(input: String, output: String) -> TokenUsage {
    TokenUsage(input: tokens(in: input), output: tokens(in: output))
  }

  public var provenance: UsageProvenance { .estimated(confidence: confidence) }
}

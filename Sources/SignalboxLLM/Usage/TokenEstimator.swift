public import Signalbox

/// Guesses how many tokens a text is, where the provider does not say.
public struct TokenEstimator: Sendable {
  /// Counts the tokens of a text as a model does.
  public typealias Tokenizer = @Sendable (String) -> Int

  /// Characters a token in English prose; other texts have fewer, by their characters: see `TextMeasure`.
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

  public var provenance: UsageProvenance { .estimated(confidence: confidence) }

  /// The tokens of a text, about; 0 only for an empty one.
  public func tokens(in text: String) -> Int64 {
    if let tokenizer { return Int64(max(tokenizer(text), 0)) }
    var measure = TextMeasure()
    measure.add(text)
    return tokens(in: measure)
  }

  /// The usage of a call from its texts.
  public func usage(input: String, output: String) -> TokenUsage {
    TokenUsage(input: tokens(in: input), output: tokens(in: output), provenance: provenance)
  }

  /// The tokens of text that was measured piece by piece; a tokenizer is not asked.
  package func tokens(in measure: TextMeasure) -> Int64 {
    Int64((Double(measure.hundredths) / 100 * (4 / charactersPerToken)).rounded(.up))
  }

  package func usage(input: TextMeasure, output: TextMeasure) -> TokenUsage {
    TokenUsage(input: tokens(in: input), output: tokens(in: output), provenance: provenance)
  }
}

/// What a call cost, or why nobody knows.
public enum Cost: Sendable, Hashable {
  case known(CostBreakdown)
  /// The reason is a plain sentence, such as `no price for openai/my-model`.
  case unknown(reason: String)

  /// The sum; nil when unknown.
  public var amount: Double? {
    if case .known(let breakdown) = self { breakdown.total } else { nil }
  }
}

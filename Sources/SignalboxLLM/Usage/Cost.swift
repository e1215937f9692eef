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

/// What a call cost, by class of token; amounts in the currency's unit.
public struct CostBreakdown: Sendable, Hashable {
  /// ISO 4217.
  public var currency: String
  public var input: Double
  public var cachedRead: Double
  public var cacheWrite: Double
  public var output: Double

  public init(
    currency: String = "USD", input: Double, cachedRead: Double = 0, cacheWrite: Double = 0, output: Double
  ) {
    self.currency = currency
    self.input = input
    self.cachedRead = cachedRead
    self.cacheWrite = cacheWrite
    self.output = output
  }

  public var total: Double { input + cachedRead + cacheWrite + output }
}

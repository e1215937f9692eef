/// What a call cost, by class of token.
///
/// Each class is tokens × price per million, exact to a trillionth; `total` is their exact sum. The floating-point
/// values are the nearest to these.
public struct CostBreakdown: Sendable, Hashable {
  /// ISO 4217.
  public var currency: String
  public var inputAmount: Amount
  public var cachedReadAmount: Amount
  /// Cache writes of both lifetimes.
  public var cacheWriteAmount: Amount
  /// All that was generated, reasoning among it.
  public var outputAmount: Amount
  /// The numbers of tokens are a guess, so this is one too.
  public var isEstimated: Bool
  /// Where the prices come from: the provider's public price list, or what an override named; nil when unnamed.
  public var source: String?
  /// The day on which the prices were read there, as `2026-11-21`; nil when undated.
  public var date: String?

  public init(
    currency: String = "USD", input: Amount, cachedRead: Amount = .zero, cacheWrite: Amount = .zero,
    output: Amount, isEstimated: Bool = false, source: String? = nil, date: String? = nil
  ) {
    self.currency = currency
    inputAmount = input
    cachedReadAmount = cachedRead
    cacheWriteAmount = cacheWrite
    outputAmount = output
    self.isEstimated = isEstimated
    self.source = source
    self.date = date
  }

  public init(
    currency: String = "USD", input: Double, cachedRead: Double = 0, cacheWrite: Double = 0, output: Double
  ) {
    self.init(
      currency: currency, input: Amount(input), cachedRead: Amount(cachedRead),
      cacheWrite: Amount(cacheWrite),
      output: Amount(output))
  }

  public var totalAmount: Amount { inputAmount + cachedReadAmount + cacheWriteAmount + outputAmount }

  public var input: Double { inputAmount.value }
  public var cachedRead: Double { cachedReadAmount.value }
  public var cacheWrite: Double { cacheWriteAmount.value }
  public var output: Double { outputAmount.value }
  public var total: Double { totalAmount.value }
}

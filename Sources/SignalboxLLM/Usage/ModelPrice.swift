/// What a model's tokens cost, per million of each class, in the currency of its table.
public struct ModelPrice: Sendable, Hashable {
  /// The prices of one length of prompt.
  public struct Rates: Sendable, Hashable {
    /// Input tokens neither read from nor written to a cache.
    public var input: Price
    /// Input tokens read from a cache; nil: as `input`.
    public var cachedRead: Price?
    /// Input tokens written to a cache, kept for a few minutes; nil: as `input`.
    public var cacheWrite: Price?
    /// Input tokens written to a cache and kept for an hour; nil: as `cacheWrite`.
    public var cacheWrite1h: Price?
    /// Everything that is generated, reasoning among it.
    public var output: Price

    public init(
      input: Price, cachedRead: Price? = nil, cacheWrite: Price? = nil, cacheWrite1h: Price? = nil,
      output: Price
    ) {
      self.input = input
      self.cachedRead = cachedRead
      self.cacheWrite = cacheWrite
      self.cacheWrite1h = cacheWrite1h
      self.output = output
    }
  }

  /// Other prices for the whole call, where its prompt (cached tokens included) is longer than that.
  public struct LongPrompt: Sendable, Hashable {
    public var above: Int64
    public var rates: Rates

    public init(above: Int64, rates: Rates) {
      self.above = above
      self.rates = rates
    }
  }

  public var rates: Rates
  public var longPrompt: LongPrompt?
  /// ISO 4217. Default USD.
  public var currency: String
  /// Where the price is published.
  public var source: String?
  /// The day on which it was read there, as `2026-11-21`.
  public var date: String?

  public init(
    _ rates: Rates, longPrompt: LongPrompt? = nil, currency: String = "USD", source: String? = nil,
    date: String? = nil
  ) {
    self.rates = rates
    self.longPrompt = longPrompt
    self.currency = currency
    self.source = source
    self.date = date
  }

  /// The usual case: prices of input and output, and of cached input where it has one.
  public init(input: Price, cachedRead: Price? = nil, output: Price, currency: String = "USD") {
    self.init(Rates(input: input, cachedRead: cachedRead, output: output), currency: currency)
  }

  func rates(promptTokens: Int64) -> Rates {
    if let longPrompt, promptTokens > longPrompt.above { longPrompt.rates } else { rates }
  }
}

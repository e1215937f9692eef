public import Signalbox

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What models cost: a value, made of prices by provider and model, that can be changed and merged.
public struct PriceTable: Sendable, Hashable {
  /// Prices by canonical provider, then by model.
  var models: [String: [String: ModelPrice]] = [:]
  /// Other names of models, by canonical provider.
  var aliases: [String: [String: String]] = [:]

  /// The prices that come with the package: `prices.json` beside this file, which names their source and date.
  public static let builtIn: PriceTable = {
    do { return try PriceTable(json: builtInText) } catch {
      preconditionFailure("prices.json: \(error)")
    }
  }()

  /// The built-in prices with those of a file merged over them: the file at `path`, else the one that the
  /// environment's `SIGNALBOX_PRICES` names, else none.
  public static func configured(path: String? = nil) throws(PriceTableError) -> PriceTable {
    guard let path = path ?? environment("SIGNALBOX_PRICES") else { return builtIn }
    return try builtIn.merging(PriceTable(contentsOf: path))
  }

  /// A table without a price.
  public init() {}

  /// The price of a model by exactly this name; nil: none. Names of providers that mean the same (`azure` and
  /// `openai`) share their prices.
  public subscript(provider: String, model: String) -> ModelPrice? {
    get { models[ModelName.canonical(provider: provider)]?[model] }
    set { models[ModelName.canonical(provider: provider), default: [:]][model] = newValue }
  }

  /// This table with the prices of another one added; where both have one, the other's counts.
  public func merging(_ other: PriceTable) -> PriceTable {
    var merged = self
    for (provider, prices) in other.models {
      merged.models[provider, default: [:]].merge(prices) { _, new in new }
    }
    for (provider, names) in other.aliases {
      merged.aliases[provider, default: [:]].merge(names) { _, new in new }
    }
    return merged
  }

  /// The price that applies to a model as it is called at a provider; nil: none. See `ModelName` for how names are
  /// read.
  public func price(provider: String, model: String) -> ModelPrice? {
    for name in ModelName.candidates(provider: provider, model: model) {
      guard let prices = models[name.provider] else { continue }
      if let price = prices[name.model] { return price }
      if let target = aliases[name.provider]?[name.model], let price = prices[target] { return price }
    }
    return nil
  }

  /// What a call cost.
  ///
  /// Each class of tokens is multiplied by its price per million. `input` excludes cached tokens, so none is counted
  /// twice; reasoning is part of the output.
  ///
  /// - Parameters:
  ///   - model: the one that answered.
  ///   - requested: the one that was asked for, whose price is taken where the other has none.
  ///   - serviceTier: what the provider said; only `default`, `standard`, `auto` and `on_demand` are priced.
  public func cost(
    of usage: TokenUsage, provider: String, model: String, requested: String? = nil,
    serviceTier: String? = nil
  ) -> Cost {
    let price =
      self.price(provider: provider, model: model)
      ?? requested.flatMap { self.price(provider: provider, model: $0) }
    guard let price else {
      let name = model.isEmpty ? requested ?? "" : model
      return .unknown(reason: name.isEmpty ? "no model was named" : "no price for \(provider)/\(name)")
    }
    if let serviceTier, !["default", "standard", "auto", "on_demand", ""].contains(serviceTier) {
      return .unknown(reason: "no price for \(provider)/\(model) in service tier \(serviceTier)")
    }
    guard usage.input != nil || usage.output != nil || usage.cachedRead != nil || usage.cacheWrite != nil
    else {
      return .unknown(reason: "no numbers of tokens")
    }
    let rates = price.rates(promptTokens: usage.promptTokens)
    let cacheWrite = rates.cacheWrite ?? rates.input
    let written = max(usage.cacheWrite ?? 0, 0)
    let written1h = min(max(usage.cacheWrite1h ?? 0, 0), written)
    return .known(
      CostBreakdown(
        currency: price.currency, input: rates.input.amount(of: usage.input ?? 0),
        cachedRead: (rates.cachedRead ?? rates.input).amount(of: usage.cachedRead ?? 0),
        cacheWrite: cacheWrite.amount(of: written - written1h)
          + (rates.cacheWrite1h ?? cacheWrite).amount(of: written1h),
        output: rates.output.amount(of: usage.output ?? 0), isEstimated: usage.provenance.confidence != nil,
        source: price.source, date: price.date))
  }
}

private func environment(_ name: String) -> String? {
  guard let value = getenv(name), value[0] != 0 else { return nil }
  return String(cString: value)
}

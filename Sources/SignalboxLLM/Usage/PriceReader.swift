internal import JSONScan

/// Reads `{"providers": {name: {"source", "date", "currency", "aliases", "models": {name: prices}}}}`.
struct PriceReader {
  private(set) var table = PriceTable()

  /// What a provider's entry says about all its prices.
  private struct Origin {
    var currency = "USD"
    var source: String?
    var date: String?
  }

  mutating func read(_ root: JSONValueView) throws(PriceTableError) {
    for (name, value) in try members(of: root, at: "the list of prices") {
      switch name {
      case "providers":
        for (provider, entry) in try members(of: value, at: "providers") {
          try read(provider: provider, entry)
        }
      default: throw unknown(name, at: "the list of prices", known: "providers")
      }
    }
  }

  private mutating func read(provider: String, _ entry: JSONValueView) throws(PriceTableError) {
    let members = try members(of: entry, at: provider)
    var origin = Origin()
    for (name, value) in members {
      switch name {
      case "currency": origin.currency = try currency(value, at: "\(provider) / currency")
      case "source": origin.source = try text(value, at: "\(provider) / source")
      case "date": origin.date = try date(value, at: "\(provider) / date")
      case "aliases", "models": break
      default: throw unknown(name, at: provider, known: "source, date, currency, aliases, models")
      }
    }
    let canonical = ModelName.canonical(provider: provider)
    for (name, value) in members where name == "models" {
      for (model, prices) in try self.members(of: value, at: "\(provider) / models") {
        table.models[canonical, default: [:]][model] =
          try price(prices, origin, at: "\(provider) / \(model)")
      }
    }
    for (name, value) in members where name == "aliases" {
      for (alias, target) in try self.members(of: value, at: "\(provider) / aliases") {
        let place = "\(provider) / aliases / \(alias)"
        table.aliases[canonical, default: [:]][alias] = try text(target, at: place)
      }
    }
  }

  private func price(
    _ value: JSONValueView, _ origin: Origin, at place: String
  ) throws(PriceTableError) -> ModelPrice {
    var longPrompt: ModelPrice.LongPrompt?
    var rates = RateReader()
    for (name, value) in try members(of: value, at: place) {
      if name == "above" {
        longPrompt = try self.longPrompt(value, at: "\(place) / above")
      } else {
        try rates.read(
          name, value, at: place, known: "input, cached_read, cache_write, cache_write_1h, output, above")
      }
    }
    return ModelPrice(
      try rates.finish(at: place), longPrompt: longPrompt, currency: origin.currency, source: origin.source,
      date: origin.date)
  }

  private func longPrompt(
    _ value: JSONValueView, at place: String
  ) throws(PriceTableError) -> ModelPrice.LongPrompt {
    var limit: Int64?
    var rates = RateReader()
    for (name, value) in try members(of: value, at: place) {
      if name == "prompt_tokens" {
        limit = value.count
        if limit == nil {
          throw PriceTableError("\(place) / prompt_tokens: expected a whole number of tokens")
        }
      } else {
        try rates.read(
          name, value, at: place,
          known: "prompt_tokens, input, cached_read, cache_write, cache_write_1h, output")
      }
    }
    guard let limit else { throw PriceTableError("\(place): prompt_tokens is missing") }
    return ModelPrice.LongPrompt(above: limit, rates: try rates.finish(at: place))
  }

  // MARK: Values

  /// The members of an object in their order; none twice.
  private func members(
    of value: JSONValueView, at place: String
  ) throws(PriceTableError) -> [(String, JSONValueView)] {
    guard value.kind == .object else { throw PriceTableError("\(place): expected an object") }
    var members: [(String, JSONValueView)] = []
    var names: Set<String> = []
    var twice: String?
    value.forEachMember { key, value in
      let name = key.string ?? ""
      if !names.insert(name).inserted { twice = name }
      members.append((name, value))
    }
    if let twice { throw PriceTableError("\(place): '\(twice)' stands there twice") }
    return members
  }

  private func text(_ value: JSONValueView, at place: String) throws(PriceTableError) -> String {
    guard let text = value.string, 1...256 ~= text.utf8.count else {
      throw PriceTableError("\(place): expected a text of at most 256 bytes")
    }
    return text
  }

  private func currency(_ value: JSONValueView, at place: String) throws(PriceTableError) -> String {
    guard let text = value.string, text.utf8.count == 3, text.utf8.allSatisfy({ 65...90 ~= $0 }) else {
      throw PriceTableError("\(place): expected three capital letters, such as USD")
    }
    return text
  }

  private func date(_ value: JSONValueView, at place: String) throws(PriceTableError) -> String {
    guard let text = value.string, text.utf8.count == 10, ModelName.isDay(text[...]) else {
      throw PriceTableError("\(place): expected a day such as 2026-11-21")
    }
    return text
  }

  private func unknown(_ name: String, at place: String, known: String) -> PriceTableError {
    PriceTableError("\(place): '\(name)' is not known; there are \(known)")
  }
}

/// Collects the prices of one object.
private struct RateReader {
  private var prices: [String: Price] = [:]

  mutating func read(
    _ name: String, _ value: JSONValueView, at place: String, known: String
  ) throws(PriceTableError) {
    guard ["input", "cached_read", "cache_write", "cache_write_1h", "output"].contains(name) else {
      throw PriceTableError("\(place): '\(name)' is not known; there are \(known)")
    }
    guard value.kind == .number, let price = Price(String(decoding: value.bytes, as: UTF8.self)) else {
      throw PriceTableError(
        "\(place) / \(name): expected a price per million tokens, a number from 0 with at most six decimals, not"
          + " \(String(decoding: value.json.prefix(64), as: UTF8.self))")
    }
    prices[name] = price
  }

  func finish(at place: String) throws(PriceTableError) -> ModelPrice.Rates {
    guard let input = prices["input"], let output = prices["output"] else {
      throw PriceTableError("\(place): \(prices["input"] == nil ? "input" : "output") is missing")
    }
    return ModelPrice.Rates(
      input: input, cachedRead: prices["cached_read"], cacheWrite: prices["cache_write"],
      cacheWrite1h: prices["cache_write_1h"], output: output)
  }
}

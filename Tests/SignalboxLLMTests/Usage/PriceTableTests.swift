import Signalbox
import Testing

@testable import SignalboxLLM

/// Which price a model has, and what a call costs by it.
struct PriceTableTests {
  private let table = PriceTable.builtIn

  private func cost(
    _ provider: String, _ model: String, _ usage: TokenUsage, tier: String? = nil
  ) throws -> CostBreakdown {
    let cost = table.cost(of: usage, provider: provider, model: model, serviceTier: tier)
    guard case .known(let breakdown) = cost else { throw NoPrice(cost: cost) }
    return breakdown
  }

  private struct NoPrice: Error { let cost: Cost }

  private func tokens(
    _ input: Int64?, read: Int64? = nil, write: Int64? = nil, write1h: Int64? = nil, _ output: Int64?
  ) -> TokenUsage {
    TokenUsage(
      input: input, cachedRead: read, cacheWrite: write, cacheWrite1h: write1h, output: output,
      provenance: .providerFinal)
  }

  // MARK: Sums

  @Test func everyClassHasItsPriceAndNoneCountsTwice() throws {
    // claude-opus-4-5: 5 / 0.50 / 6.25 / 10 / 25 dollars a million.
    let usage = TokenUsage(
      input: 1_000, cachedRead: 200_000, cacheWrite: 3_000, cacheWrite1h: 1_000, output: 700, reasoning: 500,
      provenance: .providerFinal)
    let cost = try cost("anthropic", "claude-opus-4-5", usage)
    #expect(cost.inputAmount.description == "0.005")
    #expect(cost.cachedReadAmount.description == "0.1")
    // 2000 × 6.25 + 1000 × 10 = 12,500 + 10,000 millionths.
    #expect(cost.cacheWriteAmount.description == "0.0225")
    #expect(cost.outputAmount.description == "0.0175")
    #expect(cost.totalAmount.description == "0.145" && cost.total == 0.145)
    #expect(
      cost.currency == "USD" && cost.date?.isEmpty == false && cost.source?.hasPrefix("https://") == true)
    #expect(!cost.isEstimated)
  }

  @Test func openAIsCachedTokensAreTakenOutOfThePromptBeforeTheyArePriced() throws {
    // As read from prompt_tokens 2224, of which 1024 cached; gpt-4o: 2.50 / 1.25 / 10.
    let cost = try cost("openai", "gpt-4o", tokens(1200, read: 1024, 310))
    #expect(cost.totalAmount.description == "0.00738")
  }

  @Test func amountsAreExactWhereFloatingPointIsNot() throws {
    // gpt-4o-mini: 0.15 / 0.60; one token of each is 0.15 and 0.6 millionths of a dollar.
    let one = try cost("openai", "gpt-4o-mini", tokens(1, 1))
    #expect(one.totalAmount.description == "0.00000075")
    var sum = Amount.zero
    for _ in 0..<1_000_000 { sum += one.totalAmount }
    #expect(sum.description == "0.75" && sum.value == 0.75)
  }

  @Test func aClassWithoutAPriceOfItsOwnCostsAsInput() throws {
    // o3-pro: 20 / 80, no price for cached input.
    #expect(
      try cost("openai", "o3-pro", tokens(1000, read: 1000, write: 1000, 0)).totalAmount.description == "0.06"
    )
  }

  @Test func aLongPromptHasItsOwnPricesForTheWholeCall() throws {
    // gemini-2.5-pro: 1.25 / 10, above 200,000 tokens 2.50 / 15.
    #expect(try cost("gemini", "gemini-2.5-pro", tokens(200_000, 1000)).totalAmount.description == "0.26")
    #expect(
      try cost("gemini", "gemini-2.5-pro", tokens(200_001, 1000)).totalAmount.description == "0.5150025")
    // Cached tokens are part of the prompt's length: 0.25 a million above the limit.
    let cached = try cost("gemini", "gemini-2.5-pro", tokens(1, read: 200_000, 1000))
    #expect(cached.totalAmount.description == "0.0650025")
  }

  @Test func aGuessIsMarked() throws {
    let usage = TokenUsage(input: 10, output: 10, provenance: .estimated(confidence: 0.75))
    #expect(try cost("openai", "gpt-4o", usage).isEstimated)
  }

  @Test func theLargestNumbersDoNotOverflow() throws {
    let cost = try cost("openai", "o1-pro", tokens(1 << 53, 1 << 53))
    #expect(cost.total > 6e12)
    #expect(try self.cost("openai", "gpt-4o", tokens(-5, -5)).total == 0)
  }

  // MARK: Unknown is not zero

  @Test func aModelWithoutAPriceSaysSo() {
    let usage = tokens(1, 1)
    #expect(
      table.cost(of: usage, provider: "openai", model: "my-model")
        == .unknown(reason: "no price for openai/my-model"))
    #expect(
      table.cost(of: usage, provider: "ollama", model: "llama3.1")
        == .unknown(reason: "no price for ollama/llama3.1"))
    #expect(table.cost(of: usage, provider: "openai", model: "").amount == nil)
    #expect(table.cost(of: usage, provider: "openai", model: "", requested: "gpt-4o").amount != nil)
    #expect(
      table.cost(of: tokens(nil, nil), provider: "openai", model: "gpt-4o")
        == .unknown(reason: "no numbers of tokens"))
  }

  @Test func anotherServiceTierHasNoPrice() throws {
    for tier in ["default", "standard", "auto", "on_demand", ""] {
      #expect(try cost("openai", "gpt-4o", tokens(1000, 0), tier: tier).total == 0.0025)
    }
    #expect(
      table.cost(of: tokens(1, 1), provider: "openai", model: "gpt-4o", serviceTier: "flex")
        == .unknown(reason: "no price for openai/gpt-4o in service tier flex"))
  }

  // MARK: Names

  @Test(arguments: [
    ("openai", "gpt-4o-2024-08-06", "gpt-4o"), ("openai", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
    ("azure", "gpt-4o-2024-11-20", "gpt-4o"), ("Azure-OpenAI", "gpt-4o", "gpt-4o"),
    ("azure", "gpt-35-turbo", "gpt-3.5-turbo"), ("openai", "gpt-5-chat-latest", "gpt-5-chat"),
    ("openrouter", "openai/gpt-4o", "gpt-4o"),
  ])
  func openAIsModels(_ provider: String, _ name: String, _ model: String) {
    #expect(table.price(provider: provider, model: name) == table["openai", model])
    #expect(table["openai", model] != nil)
  }

  @Test(arguments: [
    ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
    ("anthropic", "claude-opus-4-0", "claude-opus-4"),
    ("anthropic", "claude-opus-4-20250514", "claude-opus-4"),
    ("anthropic", "claude-3-5-haiku-latest", "claude-3-5-haiku"),
    ("openrouter", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
    ("openrouter", "anthropic/claude-opus-4.1", "claude-opus-4-1"),
  ])
  func anthropicsModels(_ provider: String, _ name: String, _ model: String) {
    #expect(table.price(provider: provider, model: name) == table["anthropic", model])
    #expect(table["anthropic", model] != nil)
  }

  @Test(arguments: [
    ("google", "models/gemini-2.5-pro", "gemini", "gemini-2.5-pro"),
    ("vertex", "gemini-2.5-flash", "gemini", "gemini-2.5-flash"),
    ("openrouter", "google/gemini-2.5-pro", "gemini", "gemini-2.5-pro"),
    ("bedrock", "us.anthropic.claude-sonnet-4-6-20260101-v1:0", "bedrock", "us.anthropic.claude-sonnet-4-6"),
    ("bedrock", "global.anthropic.claude-opus-4-6-v1", "bedrock", "global.anthropic.claude-opus-4-6"),
    ("aws", "amazon.nova-lite-v1:0", "bedrock", "amazon.nova-lite"),
    (
      "bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
      "bedrock", "eu.anthropic.claude-haiku-4-5"
    ),
  ])
  func otherModels(_ provider: String, _ name: String, _ canonical: String, _ model: String) {
    #expect(table.price(provider: provider, model: name) == table[canonical, model])
    #expect(table[canonical, model] != nil)
  }

  @Test func aNameNeverMeansAnotherModel() {
    #expect(table.price(provider: "openai", model: "gpt-4o-mini") != table["openai", "gpt-4o"])
    #expect(table.price(provider: "openai", model: "gpt-4o-2024-05-13") != table["openai", "gpt-4o"])
    for name in [
      "gpt-4o-mini-", "gpt-4o-audio-preview", "gpt-4o-2024-13-40", "gpt-4o-20", "gpt-4o-0806", "gpt-4-32k",
      "gpt-4-9999", "gpt-3.5-turbo-0613", "GPT-4o", "gpt-4o ", "gpt", "gpt-4o:free", "ft:gpt-4o:me",
    ] {
      #expect(table.price(provider: "openai", model: name) == nil, "\(name)")
    }
    #expect(table.price(provider: "openrouter", model: "openai/gpt-4o:free") == nil)
    #expect(table.price(provider: "bedrock", model: "ap.anthropic.claude-opus-4-5-v1:0") == nil)
    #expect(table.price(provider: "anthropic", model: "gpt-4o") == nil)
    #expect(table.price(provider: "vertex", model: "claude-sonnet-4-5@20250929") == nil)
  }

  // MARK: Changes

  @Test func pricesInCodeAndFromElsewhereAreMergedOver() throws {
    var mine = PriceTable()
    mine["openai", "my-model"] = ModelPrice(input: 1, output: 2.5)
    mine["openai", "gpt-4o"] = ModelPrice(input: 2, output: 8, currency: "EUR")
    let merged = table.merging(mine)
    #expect(merged.cost(of: tokens(1_000_000, 2_000_000), provider: "azure", model: "my-model").amount == 6)
    guard case .known(let cost) = merged.cost(of: tokens(1000, 0), provider: "openai", model: "gpt-4o") else {
      throw NoPrice(cost: .unknown(reason: "none"))
    }
    #expect(cost.currency == "EUR" && cost.inputAmount.description == "0.002")
    #expect(merged["openai", "gpt-4o-mini"] == table["openai", "gpt-4o-mini"])
    mine["ollama", "llama3.1"] = ModelPrice(input: 0, output: 0)
    #expect(mine.cost(of: tokens(5, 5), provider: "ollama", model: "llama3.1").amount == 0)
  }

  @Test func thePricesThatComeWithThePackageAreComplete() {
    #expect(
      table.models.keys.sorted() == ["anthropic", "bedrock", "cohere", "gemini", "mistral", "openai", "xai"])
    for (provider, prices) in table.models {
      for (model, price) in prices {
        let cached = price.rates.cachedRead ?? price.rates.input
        #expect(cached.millionths <= price.rates.input.millionths, "\(provider)/\(model)")
        #expect(price.source?.hasPrefix("https://") == true && price.date?.count == 10)
        if let write = price.rates.cacheWrite1h {
          #expect(write.millionths >= price.rates.cacheWrite!.millionths)
        }
        if let long = price.longPrompt {
          #expect(long.above > 0 && long.rates.input.millionths > price.rates.input.millionths)
          #expect((long.rates.cachedRead == nil) == (price.rates.cachedRead == nil), "\(provider)/\(model)")
          #expect((long.rates.cacheWrite == nil) == (price.rates.cacheWrite == nil), "\(provider)/\(model)")
        }
      }
    }
    for (provider, names) in table.aliases {
      for target in names.values { #expect(table.models[provider]?[target] != nil, "\(target)") }
    }
  }
}

import Foundation
import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

/// The examples of `docs/usage-and-cost.md`, in their order.
@Suite(.timeLimit(.minutes(2)))
struct UsageDocumentTests {
  @Test func whatACallCosts() throws {
    let usage = TokenUsage(input: 1200, cachedRead: 1024, output: 310, provenance: .providerFinal)
    let cost = PriceTable.builtIn.cost(of: usage, provider: "openai", model: "gpt-4o-2024-08-06")

    switch cost {
    case .known(let cost):
      #expect(cost.total == 0.00738 && cost.currency == "USD")
      #expect((cost.input, cost.cachedRead, cost.output) == (0.003, 0.00128, 0.0031))
      #expect(cost.date == "2026-11-26" && cost.source?.hasPrefix("https://") == true)
    case .unknown(let reason):
      Issue.record("\(reason)")
    }
  }

  @Test func theCostOfAReply() async throws {
    let provider = try ScriptedProvider(.text("Good morning"))
    defer { provider.stop() }
    var configuration = LLMClient.Configuration()
    configuration.prices = try PriceTable.configured()
    let client = LLMClient(.openAI(key: "k", url: provider.url + "/v1"), configuration: configuration)
    let reply = try await client.generate("Hello", model: "gpt-4o")
    #expect(reply.cost.amount == 0.0000725)
  }

  /// The JSON blocks of the page: the events' costs are those of the list, and the file of prices can be read.
  @Test func theFilesOfThePage() throws {
    let page = try String(
      contentsOf: URL(filePath: #filePath).appending(path: "../../../../docs/usage-and-cost.md").standardized,
      encoding: .utf8)
    let blocks = page.split(separator: "```json\n").dropFirst().map { $0.split(separator: "\n```")[0] }
    #expect(blocks.count == 2)
    let written = try JSONSerialization.jsonObject(with: Data(blocks[0].split(separator: "\n")[0].utf8))
    let usage = TokenUsage(input: 1200, cachedRead: 1024, output: 310, provenance: .providerFinal)
    let cost = PriceTable.builtIn.cost(of: usage, provider: "openai", model: "gpt-4o")
    let value = try JSONSerialization.jsonObject(with: Data(usage.json(cost: cost).description.utf8))
    #expect((written as? NSDictionary)?["data"] as? NSDictionary == value as? NSDictionary)

    let table = try PriceTable(json: String(blocks[1]))
    #expect(table.price(provider: "azure", model: "my-deployment")?.currency == "EUR")
    #expect(table["openai", "my-model"]?.longPrompt?.above == 200_000)
    #expect(table.cost(of: usage, provider: "ollama", model: "llama3.1").amount == 0)
  }

  @Test func pricesOfYourOwn() throws {
    let table = try PriceTable.configured()
    var mine = PriceTable()
    mine["openai", "my-model"] = ModelPrice(input: 1, cachedRead: 0.1, output: 4)
    let merged = table.merging(mine)
    #expect(merged["openai", "my-model"] == mine["openai", "my-model"])
  }

  @Test func whereTheProviderDoesNotCount() {
    let estimator = TokenEstimator(provider: "anthropic")
    let guess = estimator.usage(input: "Write a short poem about AI", output: "Roses are red")
    #expect(guess.total == 12 && guess.provenance == .estimated(confidence: 0.7))

    let exact = TokenEstimator(provider: "openai") { text in text.split(separator: " ").count }
    #expect(exact.confidence == 0.95)
  }

  @Test func addingItUp() async throws {
    let provider = try ScriptedProvider(.text("Good morning"))
    defer { provider.stop() }
    let client = LLMClient(.openAI(key: "k", url: provider.url + "/v1"))

    let ledger = UsageLedger(labels: ["session", "team"])
    for await event in client.stream("Hello", model: "gpt-4o") { ledger.record(event) }

    let usage = ledger.snapshot
    #expect(usage.byProvider["openai"]?.tokens.promptTokens == 9)
    #expect(usage.byProviderAndModel[.init(provider: "openai", model: "gpt-4o")]?.requests == 1)
    // 9 × 2.50 + 5 × 10 millionths.
    #expect(usage.total.cost(in: "USD") == 0.0000725 && usage.total.unpriced == 0)
    #expect(usage.total.firstToken.mean ?? -1 >= 0)
  }
}

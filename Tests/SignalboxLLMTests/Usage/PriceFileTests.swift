import Foundation
import Signalbox
import SignalboxLLM
import Testing

/// The format of a list of prices, and what is said of one that is wrong.
struct PriceFileTests {
  private func list(_ models: String, _ more: String = "") -> String {
    #"{"providers":{"openai":{\#(more)"models":{\#(models)}}}}"#
  }

  @Test func readsAListOfPrices() throws {
    let table = try PriceTable(
      json: """
        {"providers": {
          "openai": {
            "currency": "EUR", "source": "our contract", "date": "2026-11-01",
            "aliases": {"prod": "gpt-4o"},
            "models": {
              "gpt-4o": {"input": 2.25, "cached_read": 1.125, "cache_write": 3, "cache_write_1h": 4.5, "output": 9,
                "above": {"prompt_tokens": 1000, "input": 4.5, "output": 18}}
            }
          },
          "ollama": {"models": {"llama3.1": {"input": 0, "output": 0.000001}}}
        }}
        """)
    let price = try #require(table.price(provider: "azure", model: "prod"))
    #expect(price.currency == "EUR" && price.source == "our contract" && price.date == "2026-11-01")
    #expect(
      price.rates
        == .init(input: 2.25, cachedRead: 1.125, cacheWrite: 3, cacheWrite1h: 4.5, output: 9))
    #expect(price.longPrompt == .init(above: 1000, rates: .init(input: 4.5, output: 18)))
    #expect(table["ollama", "llama3.1"]?.rates.output.millionths == 1)
    #expect(table["ollama", "llama3.1"]?.currency == "USD")
  }

  @Test(arguments: [
    ("[]", "the list of prices: expected an object"),
    ("{", "the prices are not JSON"),
    (#"{"models":{}}"#, "the list of prices: 'models' is not known; there are providers"),
    (#"{"providers":[]}"#, "providers: expected an object"),
    (#"{"providers":{"openai":{"price":{}}}}"#, "openai: 'price' is not known"),
    (#"{"providers":{"openai":{"currency":"usd"}}}"#, "openai / currency: expected three capital letters"),
    (#"{"providers":{"openai":{"date":"1 May"}}}"#, "openai / date: expected a day such as"),
    (#"{"providers":{"openai":{"date":"2026-02-3"}}}"#, "openai / date: expected a day such as"),
    (#"{"providers":{"openai":{"source":7}}}"#, "openai / source: expected a text"),
    (#"{"providers":{"openai":{"aliases":{"a":1}}}}"#, "openai / aliases / a: expected a text"),
  ])
  func saysWhatIsWrong(_ text: String, _ message: String) throws {
    let error = #expect(throws: PriceTableError.self) { try PriceTable(json: text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    (#""m":5"#, "openai / m: expected an object"),
    (#""m":{"output":1}"#, "openai / m: input is missing"),
    (#""m":{"input":1}"#, "openai / m: output is missing"),
    (
      #""m":{"input":"2.5","output":1}"#,
      #"openai / m / input: expected a price per million tokens, a number from 0 with at most six decimals, not "2.5""#
    ),
    (#""m":{"input":-1,"output":1}"#, "openai / m / input: expected a price"),
    (#""m":{"input":1e3,"output":1}"#, "openai / m / input: expected a price"),
    (#""m":{"input":0.0000001,"output":1}"#, "openai / m / input: expected a price"),
    (#""m":{"input":10000000000,"output":1}"#, "openai / m / input: expected a price"),
    (#""m":{"input":null,"output":1}"#, "openai / m / input: expected a price"),
    (
      #""m":{"input":1,"output":1,"cached":1}"#,
      "openai / m: 'cached' is not known; there are input, cached_read"
    ),
    (#""m":{"input":1,"input":2,"output":1}"#, "openai / m: 'input' stands there twice"),
    (
      #""m":{"input":1,"output":1,"above":{"input":1,"output":1}}"#,
      "openai / m / above: prompt_tokens is missing"
    ),
    (
      #""m":{"input":1,"output":1,"above":{"prompt_tokens":-1}}"#,
      "openai / m / above / prompt_tokens: expected"
    ),
    (
      #""m":{"input":1,"output":1,"above":{"prompt_tokens":1,"input":1}}"#,
      "openai / m / above: output is missing"
    ),
    (#""m":{"input":1,"output":1},"m":{"input":1,"output":1}"#, "openai / models: 'm' stands there twice"),
  ])
  func namesTheEntryThatIsWrong(_ models: String, _ message: String) {
    let error = #expect(throws: PriceTableError.self) { try PriceTable(json: list(models)) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func aFileIsMergedOverTheBuiltInPrices() throws {
    let path = NSTemporaryDirectory() + "prices-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try list(#""gpt-4o":{"input":1,"output":2}"#).write(toFile: path, atomically: true, encoding: .utf8)
    let table = try PriceTable.configured(path: path)
    #expect(table["openai", "gpt-4o"]?.rates.input == 1)
    #expect(table["openai", "gpt-4o-mini"] == PriceTable.builtIn["openai", "gpt-4o-mini"])
    try "{\"x\": 1}".write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: PriceTableError.self) { try PriceTable.configured(path: path) }
    #expect(error?.description == "\(path): the list of prices: 'x' is not known; there are providers")
    let missing = #expect(throws: PriceTableError.self) { try PriceTable(contentsOf: path + ".no") }
    #expect(missing?.description.contains("cannot be read") == true)
  }

  @Test(
    arguments: [
      ("0", 0), ("1", 1_000_000), ("0.075", 75_000), ("18.75", 18_750_000), ("000001.000001", 1_000_001),
      ("999999999", 999_999_999_000_000),
    ] as [(String, Int64)])
  func pricesAreExact(_ text: String, _ millionths: Int64) { #expect(Price(text)?.millionths == millionths) }

  @Test(arguments: [
    "", ".", "1.", ".5", "+1", "-0", "1e3", "0x1", "1,5", "1.0000001", "1234567890", "NaN", "1 ",
  ])
  func otherNumbersAreNoPrices(_ text: String) { #expect(Price(text) == nil) }

  @Test func amountsAreWrittenExactly() {
    #expect(Amount(trillionths: 0).description == "0")
    #expect(Amount(trillionths: 1).description == "0.000000000001")
    #expect(Amount(trillionths: -2_530_000_000).description == "-0.00253")
    #expect(Amount(trillionths: 12_000_000_000_000).description == "12")
    #expect(Amount(0.1 + 0.2).description == "0.3")
    #expect(Amount(.infinity) == .zero && Amount(.nan) == .zero && Amount(1e300) == .zero)
  }
}

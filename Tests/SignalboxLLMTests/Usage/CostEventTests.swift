import Foundation
import Signalbox
import Testing
import Wire

@testable import SignalboxLLM

/// The cost in the events of a call, as the gateway writes them.
struct CostEventTests {
  private func toldCost(_ event: TapedEvent?) -> [String: Any]? {
    let usage = event?.type == "llm.usage" ? event?.data : event?.data["usage"] as? [String: Any]
    return usage?["cost"] as? [String: Any]
  }

  private func stream(model: String, usage: String) -> CallTape {
    let tape = CallTape()
    tape.start(#"{"model":"\#(model)","stream":true,"messages":[]}"#)
    tape.respond()
    let chunks = [
      #"{"id":"c","model":"\#(model)","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#,
      #"{"id":"c","model":"\#(model)","choices":[],"usage":\#(usage)}"#,
    ]
    tape.receive(Array((chunks.map { "data: \($0)\n\n" }.joined() + "data: [DONE]\n\n").utf8))
    tape.finish()
    return tape
  }

  @Test func aStreamTellsItsCostInTheUsageAndInTheEnd() throws {
    let tape = stream(
      model: "gpt-4o-2024-08-06",
      usage:
        #"{"prompt_tokens":2224,"completion_tokens":310,"total_tokens":2534,"prompt_tokens_details":{"cached_tokens":1024}}"#
    )
    for type in ["llm.usage", "llm.end"] {
      let cost = try #require(toldCost(tape.only(type)))
      #expect(cost["amount"] as? Double == 0.00738 && cost["currency"] as? String == "USD")
      #expect(
        cost["breakdown"] as? [String: Double] == ["input": 0.003, "cached_read": 0.00128, "output": 0.0031])
      #expect((cost["date"] as? String)?.count == 10 && cost["estimated"] == nil)
    }
  }

  @Test func aModelWithoutAPriceSaysSo() throws {
    let tape = stream(model: "my-model", usage: #"{"prompt_tokens":1,"completion_tokens":1}"#)
    #expect(
      try #require(toldCost(tape.last)) as? [String: String] == ["unknown": "no price for openai/my-model"])
  }

  @Test func anEstimateIsMarked() throws {
    let cost = try #require(toldCost(CallTape.run(Fixtures.cut).last))
    #expect(cost["estimated"] as? Bool == true && cost["amount"] is Double)
  }

  @Test func theValueAndTheWriterSayTheSame() throws {
    let usage = TokenUsage(input: 12, cachedRead: 3, output: 7, provenance: .estimated(confidence: 0.75))
    for model in ["gpt-4o", "no\"body"] {
      let cost = PriceTable.builtIn.cost(of: usage, provider: "openai", model: model)
      var writer = ByteWriter()
      writer.append(usage: usage, cost: cost)
      let written = try JSONSerialization.jsonObject(with: Data(Array(writer.raw))) as? NSDictionary
      let value = try JSONSerialization.jsonObject(with: Data(usage.json(cost: cost).description.utf8))
      #expect(written == value as? NSDictionary)
    }
  }
}

import Signalbox
import SignalboxLLM
import Testing

struct UsageLedgerTests {
  private func info(
    _ stream: String, _ provider: String = "openai", _ model: String = "gpt-4o", at time: Double = 100,
    metadata: [String: JSONValue] = [:]
  ) -> StreamInfo {
    StreamInfo(
      provider: provider, model: model, requestID: "r", streamID: stream, timestamp: time, metadata: metadata)
  }

  private func reply(
    _ usage: TokenUsage?, provider: String = "openai", model: String = "gpt-4o", firstToken: Double? = nil
  ) -> Reply {
    var reply = Reply(provider: provider, model: model, requestID: "r")
    reply.usage = usage
    if let usage { reply.cost = PriceTable.builtIn.cost(of: usage, provider: provider, model: model) }
    reply.timing = CallTiming(durationMS: 800, firstTokenMS: firstToken)
    return reply
  }

  private func tokens(_ input: Int64, _ output: Int64) -> TokenUsage {
    TokenUsage(input: input, output: output, provenance: .providerFinal)
  }

  @Test func addsUpByProviderModelAndBoth() {
    let ledger = UsageLedger()
    ledger.record(reply(tokens(1000, 100), firstToken: 200))
    ledger.record(reply(tokens(3000, 300), firstToken: 400))
    ledger.record(reply(tokens(10, 1), provider: "anthropic", model: "claude-opus-4-5"))
    ledger.record(LLMError(.rateLimited, "busy"), provider: "openai", model: "gpt-4o-mini")
    let snapshot = ledger.snapshot
    #expect(snapshot.total.requests == 4 && snapshot.total.errors == 1)
    #expect(snapshot.total.uncounted == 1 && snapshot.total.unpriced == 1)
    let openAI = snapshot.byProvider["openai"]
    #expect(openAI?.requests == 3 && openAI?.tokens.promptTokens == 4000 && openAI?.tokens.output == 400)
    // 4000 × 2.50 + 400 × 10 millionths.
    #expect(openAI?.cost() == 0.014 && openAI?.cost(in: "EUR") == 0)
    #expect(openAI?.firstToken.mean == 300 && openAI?.firstToken.longest == 400)
    #expect(snapshot.byModel["gpt-4o-mini"]?.errors == 1 && snapshot.byModel["gpt-4o"]?.requests == 2)
    #expect(
      snapshot.byProviderAndModel[.init(provider: "anthropic", model: "claude-opus-4-5")]?.tokens.input == 10)
  }

  @Test func aStreamIsFollowedToItsEnd() {
    let ledger = UsageLedger(labels: ["team"])
    ledger.record(.start(StreamStart(info: info("s", at: 100))))
    #expect(ledger.snapshot.open == 1)
    ledger.record(.delta(StreamDelta(info: info("s", at: 100.25), text: "a", chunkIndex: 0)))
    ledger.record(.delta(StreamDelta(info: info("s", at: 101), text: "b", chunkIndex: 1)))
    ledger.record(
      .complete(
        StreamComplete(info: info("s", at: 102, metadata: ["team": "search"]), reply: reply(tokens(5, 2)))))
    let snapshot = ledger.snapshot
    #expect(snapshot.open == 0 && snapshot.total.requests == 1 && snapshot.total.tokens == tokens(5, 2))
    #expect(snapshot.total.firstToken.sum == 250)
    #expect(snapshot.byLabel["team"]?["search"]?.requests == 1)
  }

  @Test func aFailedStreamKeepsWhatIsKnownOfIt() {
    let ledger = UsageLedger()
    ledger.record(.start(StreamStart(info: info("s"))))
    var usage = tokens(1000, 50)
    usage.provenance = .providerPartial
    ledger.record(.usage(StreamUsage(info: info("s"), usage: usage)))
    ledger.record(.error(StreamError(info: info("s", at: 103), error: LLMError(.incomplete, "cut"))))
    let total = ledger.snapshot.total
    #expect(total.errors == 1 && total.tokens == usage && total.cost() == 0.003 && total.duration.sum == 3000)
  }

  @Test func everyAttemptIsPaid() {
    let ledger = UsageLedger()
    ledger.record(.start(StreamStart(info: info("s"))))
    ledger.record(.usage(StreamUsage(info: info("s"), usage: tokens(1000, 0))))
    ledger.record(
      .restart(
        StreamRestart(info: info("s"), attempt: 1, discardFrom: 0, error: LLMError(.incomplete, "cut"))))
    ledger.record(.usage(StreamUsage(info: info("s"), usage: tokens(1000, 100))))
    ledger.record(.complete(StreamComplete(info: info("s"), reply: reply(tokens(1000, 100)))))
    let total = ledger.snapshot.total
    #expect(total.requests == 1 && total.retries == 1 && total.tokens.input == 2000 && total.cost() == 0.006)
  }

  @Test func theWeakestNumbersSayWhatTheSumIsWorth() {
    let ledger = UsageLedger()
    ledger.record(reply(tokens(1, 1)))
    #expect(ledger.snapshot.total.tokens.provenance == .providerFinal)
    for (confidence, expected) in [(0.7, 0.7), (0.95, 0.7), (0.65, 0.65)] {
      ledger.record(reply(TokenUsage(input: 1, provenance: .estimated(confidence: confidence))))
      #expect(ledger.snapshot.total.tokens.provenance == .estimated(confidence: expected))
    }
    #expect(ledger.snapshot.total.estimated == 3)
  }

  @Test func anUnknownCostIsCountedNotAdded() {
    let ledger = UsageLedger()
    ledger.record(reply(tokens(5, 5), provider: "ollama", model: "llama3.1"))
    #expect(ledger.snapshot.total.costs.isEmpty && ledger.snapshot.total.unpriced == 1)
  }

  @Test func labelsComeFromTheContextWhereTheMetadataHasNone() async {
    let ledger = UsageLedger(labels: ["session", "user"])
    await Context.with {
      $0.session = "s1"
      $0.tags["user"] = "u1"
    } run: {
      ledger.record(reply(tokens(1, 1)))
      ledger.record(
        .complete(StreamComplete(info: info("x", metadata: ["session": "s2", "user": 7]), reply: reply(nil))))
    }
    ledger.record(reply(tokens(1, 1)))
    let labels = ledger.snapshot.byLabel.mapValues { Set($0.keys) }
    #expect(labels == ["session": ["s1", "s2"], "user": ["u1", "7"]])
  }

  @Test func furtherKeysShareOne() {
    let ledger = UsageLedger(keyLimit: 2)
    for model in ["a", "b", "c", "d", "a"] { ledger.record(reply(tokens(1, 0), model: model)) }
    #expect(ledger.snapshot.byModel.mapValues(\.requests) == ["a": 2, "b": 1, UsageLedger.other: 2])
    #expect(ledger.snapshot.byProviderAndModel.count == 3 && ledger.snapshot.total.requests == 5)
  }

  @Test func streamsThatNeverEndAreForgotten() {
    let ledger = UsageLedger()
    for number in 0..<10_005 {
      ledger.record(.start(StreamStart(info: info("\(number)", at: Double(number)))))
    }
    #expect(ledger.snapshot.open == 10_000 && ledger.snapshot.forgotten == 5)
    ledger.record(.complete(StreamComplete(info: info("0", at: 9), reply: reply(tokens(1, 1)))))
    #expect(ledger.snapshot.total.requests == 1 && ledger.snapshot.open == 10_000)
  }

  @Test func sumsStayAtTheLargestNumber() {
    let ledger = UsageLedger()
    for _ in 0..<2 { ledger.record(reply(tokens(.max, 1), provider: "p", model: "m")) }
    #expect(ledger.snapshot.total.tokens.input == .max)
  }
}

import Signalbox
import SignalboxLLM
import Testing

@testable import SignalboxCLI

@Suite struct AskTests {
  private func choose(_ words: [String], _ environment: [String: String] = [:]) throws -> String {
    let arguments = try AskCommand.spec.parse(["q"] + words, environment: { environment[$0] })
    let model = arguments.text("model") ?? ""
    return try AskProvider.choose(arguments, model: model, environment: { environment[$0] }).description
  }

  @Test(arguments: [
    ("gpt-4o-mini", "openai (chat)"), ("o3", "openai (chat)"), ("o4-mini", "openai (chat)"),
    ("claude-sonnet-4-5", "anthropic (messages)"), ("gemini-2.5-pro", "gemini (gemini)"),
    ("grok-4", "xai (chat)"),
  ])
  func theModelTellsItsProvider(model: String, provider: String) throws {
    #expect(try choose(["--model", model]) == provider)
  }

  @Test func whatIsSaidGoesFirst() throws {
    #expect(try choose(["--model", "gpt-4o", "--provider", "azure"]) == "azure (chat)")
    #expect(try choose(["--model", "gpt-4o", "--provider", "openai-responses"]) == "openai (responses)")
    #expect(try choose(["--model", "tiny", "--url", "http://127.0.0.1:8080/v1"]) == "127.0.0.1:8080 (chat)")
    #expect(try choose(["--model", "tiny", "--provider", "groq", "--url", "https://h/v1"]) == "groq (chat)")
    #expect(
      try choose(["--model", "tiny"], ["OPENAI_BASE_URL": "http://127.0.0.1:1/v1"]) == "127.0.0.1:1 (chat)")
  }

  @Test(arguments: [
    (["--model", "tiny"], "say who runs it"), (["--model", "olmo"], "say who runs it"),
    (["--model", "m", "--provider", "anthropc"], "did you mean anthropic?"),
    (["--model", "m", "--url", "127.0.0.1:1"], "--url takes an address"),
    (["--model", "m", "--key-from", "NOPE"], "NOPE is not set"),
  ])
  func whatCannotBeChosenSaysWhy(words: [String], message: String) {
    let error = #expect(throws: UsageError.self) { try choose(words) }
    #expect(error?.message.contains(message) == true)
  }

  private static let info = StreamInfo(provider: "p", model: "m", requestID: "r", streamID: "s", timestamp: 0)

  private func delta(_ text: String, _ channel: DeltaChannel = .text) -> StreamEvent {
    .delta(StreamDelta(info: Self.info, text: text, chunkIndex: 0, channel: channel))
  }

  private var reply: Reply {
    var reply = Reply(provider: "p", model: "m", requestID: "r")
    reply.text = "Hi"
    reply.usage = TokenUsage(
      input: 9, cachedRead: 4, output: 1200, reasoning: 200, provenance: .providerFinal)
    reply.cost = .known(CostBreakdown(input: 0.0001, output: 0.0032))
    reply.timing = CallTiming(durationMS: 1210, firstTokenMS: 320, deltas: 2, tokensPerSecond: 54.21)
    return reply
  }

  @Test func theAnswerIsPrintedAsItComes() {
    var output = AskOutput(json: false, stats: true, showsReasoning: true, colour: false)
    var text =
      output.take(delta("hm", .reasoning)) + output.take(delta("H")) + output.take(delta("i\u{1B}[31m\n"))
    text += output.take(.complete(StreamComplete(info: Self.info, reply: reply)))
    #expect(
      text == """
        hm
        Hi[31m
        13 in (4 cached), 1200 out (200 reasoning) · $0.0033 · first token 320 ms · 54.2 tokens/s · 1.21 s

        """)
    #expect(output.error == nil)
  }

  @Test func aPipeGetsTheAnswerAlone() {
    var output = AskOutput(json: false, stats: false, showsReasoning: false, colour: false)
    let text = output.take(delta("hm", .reasoning)) + output.take(delta("Hi"))
    #expect(text + output.take(.complete(StreamComplete(info: Self.info, reply: reply))) == "Hi\n")
  }

  @Test func jsonComesAtTheEnd() {
    var output = AskOutput(json: true, stats: false, showsReasoning: false, colour: false)
    #expect(output.take(delta("Hi")) == "")
    #expect(
      output.take(.complete(StreamComplete(info: Self.info, reply: reply)))
        == #"{"text":"Hi","provider":"p","model":"m","request":"r","usage":{"input":9,"cached_read":4,"output":1200,"reasoning":200,"total":1213,"provenance":"provider_final"},"cost":{"amount":0.0033,"currency":"USD"},"timing":{"duration_ms":1210,"first_delta_ms":320,"deltas":2,"tokens_per_second":54.21}}"#
        + "\n")
  }

  @Test func errorsComeWithAFix() {
    let provider = Provider.openAI()
    let missing = AskFailure.failure(
      LLMError(.unauthorized, "there is no key for openai"), provider: provider, model: "m")
    #expect(
      missing
        == Failure(
          message: "there is no key for openai",
          fix: "Export the variable with your key, or name another one with --key-from."))
    let limited = AskFailure.failure(
      LLMError(.rateLimited, "slow down", status: 429, retryAfter: .seconds(20)), provider: provider,
      model: "m")
    #expect(limited.fix == "Try again in 20.0 s.")
    #expect(limited.message == "openai: slow down")
  }
}

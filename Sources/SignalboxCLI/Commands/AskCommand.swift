import Signalbox
import SignalboxLLM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum AskCommand: Command {
  static let spec = CommandSpec(
    name: "ask", summary: "Ask a model, and watch the answer come", operands: "QUESTION | -",
    operandCount: 0...Int.max,
    details: """
      Prints the answer as it is streamed; with - the question is read from standard input. In a terminal it ends
      with the tokens, what they cost, the time to the first token and the tokens a second. The provider is guessed
      from the model: gpt-… and o1 … o4 are OpenAI's, claude-… Anthropic's, gemini-… Google's, grok-… xAI's. Keys come
      from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, XAI_API_KEY, OPENROUTER_API_KEY,
      AZURE_OPENAI_API_KEY, AWS_BEARER_TOKEN_BEDROCK; addresses too: OPENAI_BASE_URL and so on.
      """,
    options: [
      .value("model", "NAME", environment: "SIGNALBOX_MODEL", "Model to ask, as its provider spells it"),
      .value("provider", "NAME", "\(AskProvider.names.joined(separator: ", ")), or a name for --url"),
      .value(
        "url", "URL", "Where the provider is; any server that speaks OpenAI's format, such as llama.cpp"),
      .value("key-from", "VARIABLE", "Variable that holds the key, where it is not the provider's own"),
      .value("system", "TEXT", "What the model shall keep to"),
      .value("max-tokens", "N", "Most tokens of the answer"),
      .value("temperature", "T", "0 is the most predictable"),
      .value("reasoning", "EFFORT", "none, minimal, low, medium, high, xhigh or max"),
      .flag("json", "Print the reply and its numbers as one JSON object, at the end"),
      .flag("stats", "Print the numbers also when the output is no terminal"),
    ],
    examples: [
      Example("signalbox ask \"Why is the sky blue?\" --model gpt-4o-mini", "OpenAI, with OPENAI_API_KEY."),
      Example(
        "signalbox ask \"Hello\" --model tiny --url http://127.0.0.1:8080/v1",
        "A server of your own, without a key."),
      Example(
        "git diff | signalbox ask - --model claude-sonnet-4-5 --system \"Review this.\"", "From a pipe."),
      Example("signalbox ask \"2+2?\" --model llama3.2 --provider ollama --json", "For a script."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    guard let model = arguments.text("model"), !model.isEmpty else {
      throw UsageError("signalbox ask needs a model: --model gpt-4o-mini, or SIGNALBOX_MODEL")
    }
    let provider = try AskProvider.choose(arguments, model: model, environment: Environment.value)
    let request = LLMRequest(
      model: model, try messages(arguments), options: try options(arguments))
    let client = LLMClient(provider)
    Interrupts.hold()
    let work = Task { @MainActor in
      var output = AskOutput(
        json: arguments.has("json"), stats: arguments.has("stats") || TerminalInfo.isTerminal,
        showsReasoning: TerminalInfo.isTerminal, colour: TerminalInfo.wantsColour(Environment.value))
      for await event in client.stream(request) { Output.text(output.take(event)) }
      return output.error
    }
    Interrupts.onFirst { work.cancel() }
    guard let error = await work.value else { return 0 }
    if error.code == .cancelled { return 130 }
    throw AskFailure.failure(error, provider: provider, model: model)
  }

  private static func messages(_ arguments: Arguments) throws -> [Message] {
    let question = arguments.operands == ["-"] ? try readInput() : arguments.operands.joined(separator: " ")
    guard question.contains(where: { !$0.isWhitespace }) else {
      throw UsageError("signalbox ask needs a QUESTION, or - for standard input")
    }
    return (arguments.text("system").map { [.system($0)] } ?? []) + [.user(question)]
  }

  private static func options(_ arguments: Arguments) throws -> GenerationOptions {
    GenerationOptions(
      maxTokens: try arguments.integer("max-tokens", in: 1...Int.max),
      temperature: try arguments.number("temperature"),
      reasoning: arguments.text("reasoning").map { ReasoningEffort($0) })
  }

  /// Most bytes of a question.
  private static let inputLimit = 16 << 20

  private static func readInput() throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += buffer[..<count]
      guard bytes.count <= inputLimit else {
        throw Failure(message: "the question is longer than \(Figures.bytes(inputLimit))")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

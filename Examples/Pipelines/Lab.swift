import Signalbox
import SignalboxLLM
import SignalboxTesting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the examples share: who is told, and which model answers.
struct Lab: Sendable {
  let emitter: Emitter
  private let provider: String?
  private let chosenModel: String?

  init(_ words: [String], emitter: Emitter) throws {
    self.emitter = emitter
    var provider: String?
    var model: String?
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--provider": provider = rest.popFirst()
      case "--model": model = rest.popFirst()
      default: Pipelines.complain("there is no option \(word): --provider URL, --model NAME")
      }
    }
    self.provider = provider
    chosenModel = model
  }

  /// The model to ask instead of the example's own, where one was named.
  func model(_ own: String) -> String { chosenModel ?? own }

  /// Runs the body with a client of the real provider, else of one that answers by the script: by model, or any.
  func withClient<Value>(
    _ script: [(model: String?, reply: ScriptedReply)], _ body: (LLMClient) async throws -> Value
  ) async throws -> Value {
    if let provider {
      let key = getenv("OPENAI_API_KEY").map { String(cString: $0) }
      return try await body(
        LLMClient(.compatible(name: "openai", url: provider, key: key), emitter: emitter))
    }
    let scripted = try ScriptedProvider()
    defer { scripted.stop() }
    for (model, reply) in script { scripted.on(model: model, reply) }
    return try await body(
      LLMClient(.openAI(key: "scripted", url: scripted.url + "/v1"), emitter: emitter))
  }
}

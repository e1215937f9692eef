import Signalbox
import SignalboxLLM
import SignalboxTesting

/// The model that is asked: a real one where one is named, else a script.
struct Model {
  let client: LLMClient
  let name: String
  private let script: ScriptedProvider?

  static func of(_ options: Options, emitter: Emitter) throws -> Model {
    if let url = options.provider {
      return Model(
        client: LLMClient(.compatible(name: "openai", url: url, key: options.key), emitter: emitter),
        name: options.model, script: nil)
    }
    // It looks the patient up, checks what he takes, and answers.
    let script = try ScriptedProvider(
      .toolCall(
        "fetch_patient_data", arguments: #"{"name": "Quintin Cole"}"#, id: "call_record",
        usage: TokenUsage(input: 150, output: 20, provenance: .providerFinal)),
      .toolCall(
        "check_interactions", arguments: #"{"drugs": ["warfarin", "metoprolol", "ibuprofen"]}"#,
        id: "call_drugs", usage: TokenUsage(input: 210, output: 30, provenance: .providerFinal)),
      .text(
        "Quintin Cole has essential hypertension and atrial fibrillation. Careful: ibuprofen with warfarin "
          + "raises the risk of bleeding.", chunks: 8,
        usage: TokenUsage(input: 260, output: 50, provenance: .providerFinal)))
    return Model(
      client: LLMClient(.openAI(key: "scripted", url: script.url + "/v1"), emitter: emitter),
      name: options.model, script: script)
  }

  func stop() { script?.stop() }
}

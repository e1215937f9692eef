import Signalbox
import SignalboxLLM
import SignalboxTesting

/// Chooses the model by how hard the task looks, and says why.
struct AdaptiveRouter: Sendable {
  let lab: Lab
  let client: LLMClient

  func answer(_ task: String) async throws -> String {
    try await instrument(self, kind: .chain, input: task, emitter: lab.emitter) {
      let complexity = complexity(of: task)
      let model = lab.model(complexity < 0.3 ? "gpt-4o-mini" : complexity < 0.7 ? "gpt-4o" : "o3-mini")
      lab.emitter.emit(
        "model.selection",
        [
          "complexity_score": .double(complexity), "selected_model": .string(model),
          "reason": .string("Complexity \(Double(Int(complexity * 100)) / 100)"),
        ])
      return try await client.text(task, model: model)
    }
  }

  /// Long tasks, and those that ask for reasons, are hard.
  private func complexity(of task: String) -> Double {
    let words = task.lowercased().split { !$0.isLetter }
    let hard = words.filter { ["why", "prove", "compare", "derive", "because"].contains($0) }.count
    return min(Double(words.count) / 40 + Double(hard) * 0.35, 1)
  }

  static func demonstrate(_ lab: Lab) async throws {
    let script: [(String?, ScriptedReply)] = [
      ("gpt-4o-mini", .text("Vienna.")), ("gpt-4o", .text("Both are cities on the Danube.")),
      ("o3-mini", .text("Suppose there were finitely many …")), (nil, .text("I see.")),
    ]
    try await lab.withClient(script) { client in
      let router = AdaptiveRouter(lab: lab, client: client)
      for task in [
        "What is the capital of Austria?", "Compare Vienna and Budapest.",
        "Prove that there are infinitely many primes, and say why the argument needs no list of them.",
      ] {
        print(try await router.answer(task))
      }
    }
  }
}

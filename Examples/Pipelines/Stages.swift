import Signalbox
import SignalboxLLM
import SignalboxTesting

/// Takes what customers wrote through stages: checked, tidied, and made into values by the model.
struct StagedPipeline: Sendable {
  struct Verdict: Codable, Sendable {
    var mood: String
    var topic: String
  }

  let client: LLMClient
  let model: String
  let emitter: Emitter

  func process(_ records: [String]) async throws -> [Verdict] {
    try await instrument(self, kind: .chain, input: records, emitter: emitter) { span in
      let valid = await validate(records)
      span.progress(1 / 3, "checked")
      let clean = await clean(valid)
      span.progress(2 / 3, "tidied")
      return try await transform(clean)
    }
  }

  private func validate(_ records: [String]) async -> [String] {
    await instrument(self, input: records.count, capture: .input, emitter: emitter) {
      let valid = records.filter { $0.contains(where: \.isLetter) && $0.count < 500 }
      emitter.emit(
        "data.validation",
        ["input_size": .int(Int64(records.count)), "valid": .int(Int64(valid.count))])
      return valid
    }
  }

  private func clean(_ records: [String]) async -> [String] {
    await instrument(self, emitter: emitter) {
      var seen: Set<String> = []
      let tidy = records.map { $0.split(separator: " ").joined(separator: " ") }
      let kept = tidy.filter { seen.insert($0.lowercased()).inserted }
      emitter.emit("data.cleaning", ["removed_count": .int(Int64(records.count - kept.count))])
      return kept
    }
  }

  private func transform(_ records: [String]) async throws -> [Verdict] {
    try await instrument(self, emitter: emitter) { span in
      let schema = try JSONSchema(of: Verdict.self)
      var verdicts: [Verdict] = []
      for (place, record) in records.enumerated() {
        let (verdict, reply) = try await client.generate(
          "Which mood, and about what? \(record)", model: model, as: Verdict.self, schema: schema)
        if let usage = reply.usage { span.record(usage: usage) }
        verdicts.append(verdict)
        span.progress(Double(place + 1) / Double(records.count))
      }
      emitter.emit(
        "data.transformation", ["input_size": .int(Int64(records.count)), "output_format": "structured"])
      return verdicts
    }
  }

  static func demonstrate(_ lab: Lab) async throws {
    let reply = ScriptedReply.text(
      #"{"mood":"happy","topic":"delivery"}"#,
      usage: TokenUsage(input: 30, output: 9, provenance: .providerFinal))
    try await lab.withClient([(nil, reply)]) { client in
      let pipeline = StagedPipeline(client: client, model: lab.model("gpt-4o-mini"), emitter: lab.emitter)
      let verdicts = try await pipeline.process(
        ["It came  the next day!", "it came the next day!", "???", "Good boxes."])
      for verdict in verdicts { print("\(verdict.mood) about \(verdict.topic)") }
    }
  }
}

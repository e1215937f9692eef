import Signalbox
import SignalboxLLM
import SignalboxTesting

struct Document: Codable, Sendable {
  var id: String
  var text: String
}

/// Finds documents, puts them in order, and lets the model answer from the best.
struct RAGPipeline: Sendable {
  let client: LLMClient
  let model: String
  let emitter: Emitter
  let library: [Document]

  func answer(_ question: String) async throws -> String {
    try await instrument(self, kind: .chain, input: question, emitter: emitter) {
      let found = await retrieve(question)
      let best = rerank(found, for: question)
      return try await generate(question, from: best)
    }
  }

  private func retrieve(_ question: String) async -> [Document] {
    await instrument(self, kind: .retrieval, input: question, capture: .input, emitter: emitter) {
      emitter.emit("rag.retrieval.start", ["query": .string(question)])
      let found = library.filter { relevance($0, to: question) > 0 }
      emitter.emit(
        "rag.retrieval.complete",
        [
          "query": .string(question), "num_docs": .int(Int64(found.count)),
          "doc_ids": .array(found.map { .string($0.id) }),
        ])
      return found
    }
  }

  private func rerank(_ documents: [Document], for question: String) -> [Document] {
    emitter.emit("rag.reranking", ["num_docs": .int(Int64(documents.count))])
    return Array(
      documents.sorted { relevance($0, to: question) > relevance($1, to: question) }.prefix(2))
  }

  private func generate(_ question: String, from documents: [Document]) async throws -> String {
    let context = documents.map(\.text).joined(separator: "\n")
    emitter.emit("rag.generation.start", ["context_size": .int(Int64(context.count))])
    return try await client.generate(
      [.system("Answer from this alone:\n\(context)"), .user(question)], model: model
    ).text
  }

  /// How many words of the question are in the document.
  private func relevance(_ document: Document, to question: String) -> Int {
    let words = Set(document.text.lowercased().split { !$0.isLetter })
    return question.lowercased().split { !$0.isLetter }.filter { $0.count > 3 && words.contains($0) }.count
  }

  static func demonstrate(_ lab: Lab) async throws {
    let library = [
      Document(id: "returns", text: "A parcel can be sent back within thirty days; the return is free."),
      Document(id: "delivery", text: "A parcel is delivered within three days, on Saturdays, too."),
      Document(id: "careers", text: "We are looking for people who like to pack."),
    ]
    let reply = ScriptedReply.text(
      "Within three days, and on Saturdays, too.",
      usage: TokenUsage(input: 40, output: 12, provenance: .providerFinal))
    try await lab.withClient([(nil, reply)]) { client in
      let pipeline = RAGPipeline(
        client: client, model: lab.model("gpt-4o-mini"), emitter: lab.emitter, library: library)
      print(try await pipeline.answer("How soon is a parcel delivered?"))
    }
  }
}

import SignalboxTesting
import Testing

@testable import Signalbox

/// The Swift examples of `docs/instrument.md`, in their order; those that tell `Emitter.shared` there tell it here.
@Suite(.timeLimit(.minutes(1)))
struct InstrumentDocumentTests {
  struct RAGPipeline {
    func retrieve(_ query: String) async throws -> [String] {
      try await instrument(self, kind: .retrieval, input: query) { try await search(query) }
    }

    private func search(_ query: String) async throws -> [String] { ["shoe 1"] }
  }

  private func ask(_ question: String) async throws -> String { "Three." }

  @Test func aMethod() async throws {
    #expect(try await RAGPipeline().retrieve("red shoes") == ["shoe 1"])
  }

  @Test func theSpan() async throws {
    let question = "How many?"
    let text = try await instrument(self, "generate", capture: .none) { span in
      let reply = try await ask(question)
      span.record(usage: TokenUsage(input: 40, output: 12, provenance: .providerFinal))
      span.record("documents", 3)
      return reply
    }
    #expect(text == "Three.")
  }

  private func isAllowed(_ question: String) -> Bool {
    instrument(self, kind: "rule", input: question) { !question.contains("@") }
  }

  @Test func aMethodThatNeverWaits() {
    #expect(isAllowed("How many?") && !isAllowed("Who is a@example.org?"))
  }

  @Test func whatBelongsTogether() async {
    await Context.with {
      $0.session = "s1"
      $0.tags["user"] = "u1"
    } run: {
      await instrument(self, "answer") {
        async let documents = instrument(self, "retrieve") { Context.execution }
        #expect(await documents == Context.execution)
      }
    }
  }

  @Test func whatTheyMean() async {
    let recorder = Recorder()
    var configuration = Emitter.Configuration()
    configuration.types = [
      .event(
        "rag.retrieval.complete", "Documents were found", ["num_docs": "how many", "query": "what for"]),
      .span("rerank", "Documents are put in order"),  // rerank.start, rerank.end, …
    ]
    configuration.onProblem = { print($0) }  // hears of a type that is not declared, once
    let emitter = Emitter([recorder], configuration: configuration)
    emitter.emit("rag.retrieval.complete", ["query": "red shoes", "num_docs": 3])
    await recorder.wait(for: 2)
    #expect(await recorder.events.map(\.type) == ["signalbox.types", "rag.retrieval.complete"])
    #expect(EventType.problem(with: "RAG-Retrieval") != nil)
  }
}

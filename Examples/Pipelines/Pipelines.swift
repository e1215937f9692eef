// Four pipelines that say what they do, each a subcommand:
//
//   signalbox serve                        (in another terminal; SIGNALBOX_URL and SIGNALBOX_KEY say where)
//   swift run Pipelines rag                retrieval, reranking, generation
//   swift run Pipelines stages             a pipeline of several stages
//   swift run Pipelines routing            the model is chosen by the task
//   swift run Pipelines performance        how fast, and how much memory
//
// A scripted model answers. `--provider URL --model NAME` asks a real one that speaks OpenAI's format, such as
// `--provider http://127.0.0.1:8080/v1`; its key comes from OPENAI_API_KEY.
import Fetch
import Signalbox
import SignalboxLLM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct Pipelines {
  private static let all: [(name: String, run: @Sendable (Lab) async throws -> Void)] = [
    ("rag", RAGPipeline.demonstrate), ("stages", StagedPipeline.demonstrate),
    ("routing", AdaptiveRouter.demonstrate), ("performance", MonitoredPipeline.demonstrate),
  ]

  /// What the events of the four mean; the server is told when the emitter is made.
  static let types: EventTypes = [
    .event("rag.retrieval.start", "A search begins", ["query": "what for"]),
    .event(
      "rag.retrieval.complete", "Documents were found",
      ["query": "what for", "num_docs": "how many", "doc_ids": "which"]),
    .event("rag.reranking", "They are put in order", ["num_docs": "how many"]),
    .event("rag.generation.start", "The model is asked", ["context_size": "characters it is given"]),
    .event(
      "data.validation", "Records were checked", ["input_size": "how many", "valid": "how many are good"]),
    .event("data.cleaning", "Records were tidied", ["removed_count": "how many were dropped"]),
    .event(
      "data.transformation", "Records were made into something else",
      ["input_size": "how many", "output_format": "into what"]),
    .event(
      "model.selection", "A model was chosen",
      ["complexity_score": "0 to 1", "selected_model": "which", "reason": "why"]),
    .event(
      "performance.metrics", "How fast it was",
      [
        "duration_seconds": "seconds", "input_size": "texts", "throughput": "texts a second",
        "memory_usage_mb": "resident MiB",
      ]),
  ]

  static func main() async throws {
    var words = Array(CommandLine.arguments.dropFirst())
    guard let name = words.first, let pipeline = all.first(where: { $0.name == name }) else {
      complain("name one of: \(all.map(\.name).joined(separator: ", "))")
    }
    words.removeFirst()
    var configuration = Emitter.Configuration()
    configuration.types = types
    configuration.onProblem = { problem in say("\(problem)") }
    let emitter = Emitter([HTTPExporter()], configuration: configuration)
    let lab = try Lab(words, emitter: emitter)
    do { try await pipeline.run(lab) } catch { complain("\(error)") }
    if await !emitter.shutDown(within: .seconds(5)) {
      complain("not everything could be sent. Is a server running? Start one with: signalbox serve")
    }
  }

  static func complain(_ message: String) -> Never {
    say(message)
    exit(1)
  }

  private static func say(_ message: String) {
    var text = "Pipelines: \(message)\n"
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

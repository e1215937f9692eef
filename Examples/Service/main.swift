// Asks a model through a service that announces what it does:
//
//   OPENAI_API_KEY=… swift run ServiceExample "My leg hurts"
//
// OPENAI_BASE_URL and MODEL lead it elsewhere. A Signalbox server, where one runs, is told of it too.
import Fetch
import Signalbox
import SignalboxLLM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct TriageService: LLMService {
  struct Output: Codable, Sendable { var urgency: String }

  let client: LLMClient
  var codec: JSONCodec<Output> {
    JSONCodec(schema: .object(["urgency": .enumeration(["low", "medium", "high"])]))
  }

  func request(for note: String) -> LLMRequest {
    let model = getenv("MODEL").map { String(cString: $0) } ?? "gpt-4o-mini"
    return LLMRequest(
      model: model, [.developer("How urgent is what the patient says? Answer in JSON."), .user(note)])
  }
}

let signals = Signals.shared
signals.request.connect { note in print("AI request:", note.identity, note.correlationID) }
signals.streamChunk.connect { note in print("AI chunk:", note.index ?? 0, note.delta) }
signals.streamComplete.connect { note in print("AI stream complete:", note.correlationID) }
signals.response.connect { note in print("AI response:", note.content, note.usage?.total ?? 0, "tokens") }
signals.failure.connect { note in print("AI failure:", note.error) }

Emitter.shared.add(HTTPExporter())
do {
  let note = CommandLine.arguments.dropFirst().first ?? "My leg hurts"
  let answer = try await TriageService(client: LLMClient(.openAI())).run(note, session: "example")
  print("urgency:", answer.urgency)
} catch {
  print(error)
}
await signals.drained()
await Emitter.shared.shutDown(within: .seconds(5))

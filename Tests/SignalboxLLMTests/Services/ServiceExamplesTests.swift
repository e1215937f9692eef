import Signalbox
import SignalboxLLM
import SignalboxTesting
import Synchronization
import Testing

/// The examples of `docs/services.md`, in their order, against a scripted provider.
@Suite(.timeLimit(.minutes(5)))
struct ServiceExamplesTests {
  struct TriageService: LLMService {
    struct Output: Codable, Sendable { var urgency: String }

    let client: LLMClient
    var codec: JSONCodec<Output> { JSONCodec(schema: .object(["urgency": .enumeration(["low", "high"])])) }

    func request(for note: String) -> LLMRequest {
      LLMRequest(model: "gpt-4o", [.developer("How urgent is it?"), .user(note)])
    }
  }

  struct Summary: LLMService {
    typealias Output = String
    let client: LLMClient
    var capture: ContentCapture { .full }  // the default is .metadata
    func request(for text: String) -> LLMRequest { LLMRequest(model: "gpt-4o", "Sum up: \(text)") }
  }

  private actor Database {
    private(set) var records: [JSONValue] = []
    func insert(_ record: JSONValue) throws -> Int {
      records.append(record)
      return records.count
    }
  }

  private let provider: ScriptedProvider
  private let client: LLMClient

  init() throws {
    provider = try ScriptedProvider(.text(#"{"urgency":"high"}"#, chunks: 3))
    client = LLMClient(.openAI(key: "sk-test", url: provider.url + "/v1"))
  }

  @Test func aService() async throws {
    let triage = try await TriageService(client: client).run("My leg hurts", session: "s1")
    print(triage.urgency)
    #expect(triage.urgency == "high")

    let answer = try await TriageService(client: client).answer(to: "My leg hurts")
    print(answer.value.urgency, answer.reply.usage?.total ?? 0, answer.correlationID)
    #expect(answer.reply.usage?.total == 14 && EventID(answer.correlationID) != nil)
  }

  @Test func receivers() async throws {
    let signals = Signals()
    let heard = Locked<[String]>([])
    @Sendable func hear(_ words: Any...) { heard.withLock { $0.append("\(words[0])") } }
    signals.request.connect { note in hear("AI request:", note.identity, note.payload) }
    signals.response.connect { note in hear("AI response:", note.identity, note.payload) }
    signals.failure.connect { note in hear("AI failure:", note.identity, note.error) }
    signals.streamChunk.connect { note in hear("AI chunk:", note.identity, note.delta) }
    signals.streamComplete.connect { note in hear("AI stream complete:", note.correlationID) }
    try await Signals.with(signals) { () async throws(ServiceError) in
      _ = try await TriageService(client: client).run("My leg hurts")
    }
    await signals.drained()
    let chunks = [String](repeating: "AI chunk:", count: 3)
    #expect(heard.withLock { $0 } == ["AI request:"] + chunks + ["AI stream complete:", "AI response:"])
  }

  @Test func onceAndInOrder() async throws {
    let signals = Signals()
    let database = Database()
    let seen = Once<Int>()
    signals.response.connect { note in
      _ = try await seen.once(note.dedupeKey) { try await database.insert(note.payload) }
    }
    let assembler = Mutex(DeltaAssembler())
    let text = Locked("")
    signals.streamChunk.connect { note in
      let answer = assembler.withLock { $0.add(note) }
      print(answer.text, answer.missing)
      text.withLock { $0 = answer.text }
    }
    try await Signals.with(signals) { () async throws(ServiceError) in
      _ = try await TriageService(client: client).run("My leg hurts")
    }
    await signals.drained()
    #expect(await database.records.count == 1)
    #expect(text.withLock { $0 } == #"{"urgency":"high"}"#)
  }

  @Test func sensitiveDomains() async throws {
    // As `ServiceSettings.shared.streaming = …` does for the whole process.
    var settings = ServiceSettings()
    settings.streaming = .off("clinic.*", "*.service.*")
    let signals = Signals()
    let chunks = Locked(0)
    signals.streamChunk.connect { _ in chunks.withLock { $0 += 1 } }
    try await Signals.with(signals) { () async throws(ServiceError) in
      try await ServiceSettings.with(settings) { () async throws(ServiceError) in
        let text = try await Summary(client: client).run("a long text")
        #expect(text == #"{"urgency":"high"}"#)
      }
    }
    await signals.drained()
    #expect(chunks.withLock { $0 } == 0)
    #expect(provider.requests.first?.text.contains(#""stream":true"#) == false)
  }

  @Test func theSettingOfTheProcess() {
    let before = ServiceSettings.shared
    // A namespace that no test has.
    ServiceSettings.shared.streaming = .off("clinic_of_this_test.*")
    #expect(!ServiceSettings.current.streaming.allows("clinic_of_this_test.chat.triage"))
    ServiceSettings.shared = before
  }

  @Test func errors() async throws {
    provider.on(model: "gpt-4o", .error(status: 400, "no"))
    let recorder = Recorder()
    let emitter = Emitter([recorder])
    let client = LLMClient(.openAI(key: "sk-test", url: provider.url + "/v1"), emitter: emitter)
    do {
      _ = try await TriageService(client: client).run("My leg hurts")
      Issue.record("it must throw")
    } catch {
      print(error.code, error.attempts, error.isRetryable, error.message)  // call 3 true …
      await emitter.flush(within: .seconds(20))
      let restarts = await recorder.events.filter { $0.phase == .restart }.map(\.json)
      #expect(error.code == .call && error.attempts == 1 && !error.isRetryable, "\(restarts)")
    }
  }
}

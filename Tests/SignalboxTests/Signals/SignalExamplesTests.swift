import Signalbox
import Testing

/// The examples of `docs/signals.md`, in their order.
@Suite(.timeLimit(.minutes(5)))
struct SignalExamplesTests {
  private enum Triage {}
  private typealias RecordID = Int

  private actor Page {
    private(set) var shown: [Int: String] = [:]
    func show(_ delta: JSONValue, at index: Int?) { shown[index ?? -1] = delta.string }
  }

  private final class View: Sendable {
    func show(_ error: String) {}
  }

  private actor Database {
    private(set) var records: [JSONValue] = []
    func insert(_ record: JSONValue) -> RecordID {
      records.append(record)
      return records.count
    }
  }

  private func runTheService() {
    Signals.current.emitRequest(
      RequestNote(
        identity: "clinic.chat.triage", correlationID: "c1", messages: [["role": "user", "content": "Hi"]]),
      sender: Triage.self)
    Signals.current.emitStreamChunk(
      StreamChunkNote(identity: "clinic.chat.triage", correlationID: "c1", delta: "Hel", index: 0),
      sender: Triage.self)
    Signals.current.emitStreamComplete(
      StreamCompleteNote(identity: "clinic.chat.triage", correlationID: "c1"), sender: Triage.self)
  }

  @Test func receivingAndEmitting() async {
    let page = Page()
    let view = View()
    let signals = Signals()
    signals.response.connect { note in print(note.identity, note.provider, note.usage?.total ?? 0) }
    signals.streamChunk.connect(sender: Triage.self) { note in await page.show(note.delta, at: note.index) }
    let token = signals.failure.connect { note in print(note.identity, note.attempt, note.error) }
    token.disconnect()
    signals.failure.connect(owner: view) { [weak view] note in view?.show(note.error) }
    await Signals.with(signals) { runTheService() }
    await signals.drained()
    #expect(await page.shown == [0: "Hel"])
    #expect(signals.counts.sent == 3)
  }

  @Test func cleaningFirst() async {
    var configuration = Signals.Configuration()
    configuration.processors = [
      { note in
        guard var request = note as? RequestNote else { return note }
        request.messages = "__REDACTED__"
        return request
      }
    ]
    configuration.onProblem = { problem in print(problem) }
    let careful = Signals(configuration)
    let (messages, heard) = AsyncStream<JSONValue>.makeStream()
    careful.request.connect { note in heard.yield(note.messages) }
    await Signals.with(careful) { runTheService() }
    for await message in messages {
      #expect(message == "__REDACTED__")
      break
    }
  }

  @Test func onceAndInOrder() async {
    let signals = Signals()
    let database = Database()
    let seen = Once<RecordID>()
    signals.response.connect { note in
      _ = try await seen.once(note.dedupeKey) { await database.insert(note.payload) }
    }
    let note = ResponseNote(identity: "a.b.c", correlationID: "c1", content: "ok", provider: "openai")
    signals.emitResponse(note)
    signals.emitResponse(note)
    await signals.drained()
    #expect(await database.records.count == 1)

    var assembler = DeltaAssembler()
    assembler.add("morning", index: 1, of: "c1")
    #expect(assembler.add("Good ", index: 0, of: "c1").text == "Good morning")
    #expect(assembler.add("!", index: 3, isDone: true, of: "c1").missing == [2..<3])
  }
}

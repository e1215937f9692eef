import Signalbox
import SignalboxTesting
import Testing

/// The examples of `docs/emit.md` and `docs/export.md`, in their order, with a recorder in place of the terminal.
@Suite(.timeLimit(.minutes(5)))
struct DocumentExamplesTests {
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter

  init() { emitter = Emitter([recorder]) }

  private func recorded() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  private func types() async -> [String] { await recorded().map(\.type.name) }

  @Test func anEvent() async {
    emitter.emit("cache.hit", ["bytes": 1024])
    #expect(await types() == ["cache.hit"])
  }

  @Test func aSpan() async {
    let documents = await emitter.withSpan(.retrieval, "products", input: "red shoes") { span in
      span.progress(0.5, "index read")
      return ["shoe 1", "shoe 2"]
    }
    #expect(documents.count == 2)
    #expect(await types() == ["retrieval.start", "retrieval.progress", "retrieval.end"])
  }

  @Test func deltas() async {
    await emitter.withSpan(.llm, "greet", provider: "openai", model: "gpt-4o") { span in
      for token in ["Good ", "morning"] { span.delta(token) }
      span.usage(TokenUsage(input: 9, output: 2, provenance: .providerFinal))
    }
    #expect(await types() == ["llm.start", "llm.delta", "llm.delta", "llm.usage", "llm.end"])
  }

  @Test func callsThatYouRunYourself() async {
    emitter.toolCall(
      "fetch_patient_data", id: "call_7Q2", arguments: ["name": "quintin cole"], session: "test123")
    emitter.toolResult(
      "fetch_patient_data", id: "call_7Q2", result: "hypertension", duration: .milliseconds(50),
      session: "test123")
    emitter.llmCall(
      model: "gpt-4o", provider: "openai",
      usage: TokenUsage(input: 150, output: 18, provenance: .providerFinal),
      duration: .milliseconds(412), session: "test123")
    #expect(await types() == ["tool.start", "tool.end", "llm.start", "llm.end"])
    let events = await recorder.events
    #expect(events.allSatisfy { $0.session == "test123" && $0.trace != nil })
    #expect(events[0].span == events[1].span && events[0].trace == events[1].trace)
    #expect(events[2].span == events[3].span && events[3].time - events[2].time == 412_000_000)
    #expect(
      events[1].data == [
        "name": "fetch_patient_data", "id": "call_7Q2", "result": "hypertension",
        "timing": ["duration_ms": 50.0],
      ])
    #expect(events[3].data?["usage"]?["total"] == 168 && events[3].model == "gpt-4o")
  }

  @Test func aFailedToolInsideOfASpan() async {
    await emitter.withSpan(.agent, "chat") { span in
      emitter.toolCall("lookup", id: "a")
      emitter.toolCall("lookup", id: "b")
      emitter.toolResult("lookup", id: "a", result: "no such patient", failed: true)
    }
    let events = await recorded()
    #expect(
      events.map(\.type.name) == ["agent.start", "tool.start", "tool.start", "tool.error", "agent.end"])
    #expect(events[1].span == events[3].span && events[1].span != events[2].span)
    #expect(events[1].parent == events[0].span && events[3].data?["message"] == "no such patient")
  }

  @Test func whereItBelongs() async {
    let emitter = emitter
    await Context.with {
      $0.session = "s1"
      $0.tags["user"] = "u1"
    } run: {
      await emitter.withSpan(.chain, "answer") { _ in
        emitter.emit("question.asked")
      }
      let context = Context.current
      await Task.detached { await Context.with(context) { emitter.emit("later") } }.value
    }
    #expect(await types() == ["chain.start", "question.asked", "chain.end", "later"])
    #expect(await recorder.events.allSatisfy { $0.session == "s1" && $0.tags == ["user": "u1"] })
  }

  @Test func acrossProcesses() async {
    await Context.with {
      $0.join(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    } run: {
      await emitter.withSpan(.tool, "lookup") { span in _ = span.traceparent }
    }
    _ = await types()
    #expect(await recorder.events.allSatisfy { $0.trace == TraceID("4bf92f3577b34da6a3ce929d0e0e4736") })
  }

  @Test func configured() async {
    var configuration = Emitter.Configuration()
    configuration.capacity = 5000
    configuration.overflow = .mergeThenDropNewest
    configuration.onProblem = { problem in print(problem) }
    let careful = Emitter([Counter()], configuration: configuration)
    careful.emit("x")
    #expect(await careful.flush(within: .seconds(20)))
    #expect(await careful.shutDown(within: .seconds(20)))
    #expect(careful.ledger.emitted == careful.ledger.sent + careful.ledger.dropped + careful.ledger.buffered)
  }

  struct Counter: Exporter {
    let name = "counter"
    func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
      print(batch.events.count, "events from", batch.producer)
      return []
    }
  }
}

import SignalboxTesting
import Testing

@testable import Signalbox

@Suite(.timeLimit(.minutes(1)))
struct InstrumentTests {
  let recorder = Recorder(batching: Batching(events: 10_000, interval: .seconds(3600)))
  let emitter: Emitter

  init() { emitter = Emitter([recorder]) }

  private func events() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  struct Document: Codable, Equatable { var id: Int }

  struct RAGPipeline {
    let emitter: Emitter

    func retrieve(_ query: String) async -> [Document] {
      await instrument(self, kind: .retrieval, input: query, emitter: emitter) {
        emitter.emit("rag.retrieved", ["n": 1])
        return [Document(id: 7)]
      }
    }

    func generate(_ query: String, capture: SpanCapture, limit: Int = 1000) async -> String {
      await instrument(
        self, "generate", input: ["query": query], capture: capture, limit: limit, tags: ["stage": "3"],
        emitter: emitter
      ) { span in
        span.record(usage: TokenUsage(input: 3, output: 1, provenance: .providerFinal))
        span.record(usage: TokenUsage(input: 4, provenance: .estimated(confidence: 0.5)))
        span.record("documents", 2)
        return query + query
      }
    }
  }

  @Test func aLineTellsWhoDoesWhatWithWhat() async throws {
    let documents = await RAGPipeline(emitter: emitter).retrieve("why")
    #expect(documents == [Document(id: 7)])
    let events = await events()
    #expect(events.map(\.type) == ["retrieval.start", "rag.retrieved", "retrieval.end"])
    for event in events {
      #expect(event.source == .init(module: "RAGPipeline", method: "retrieve"))
      #expect(event.identity == "SignalboxTests.retrieval.RAGPipeline")
      #expect(event.span == events[0].span && event.trace == events[0].trace)
    }
    #expect(events[0].data == ["name": "RAGPipeline.retrieve", "input": "why"])
    #expect(events[2].data?["output"] == [["id": 7]])
  }

  /// A method that never waits has the same line, without `await`; on a thread that runs no task, too.
  @Test func methodsThatNeverWait() async throws {
    struct Rules {
      let emitter: Emitter

      func check(_ text: String) throws(Refusal) -> Bool {
        try instrument(self, kind: "rule", input: text, emitter: emitter) { () throws(Refusal) -> Bool in
          if text.isEmpty { throw Refusal() }
          return emitter.withSpan(.step, "count") { span in
            emitter.emit("rule.counted", ["n": .int(Int64(text.utf8.count))])
            return span.context.parent != nil
          }
        }
      }

      static func all(_ emitter: Emitter) -> Int {
        instrument(Rules.self, emitter: emitter) { span in
          span.record("rules", 1)
          return 1
        }
      }
    }
    struct Refusal: Error {}

    let rules = Rules(emitter: emitter)
    #expect(throws: Refusal.self) { try rules.check("") }
    let isNested = Locked(false)
    SystemThread {
      let result = (try? rules.check("abc")) == true && Rules.all(rules.emitter) == 1
      isNested.withLock { $0 = result }
    }.join()
    #expect(isNested.withLock { $0 })
    let events = await events()
    #expect(
      events.map(\.type) == [
        "rule.start", "rule.error", "rule.start", "step.start", "rule.counted", "step.end", "rule.end",
        "step.start", "step.end",
      ])
    #expect(events[1].data?["reason"] == "failed" && events[6].data?["output"] == true)
    #expect(events[4].span == events[3].span && events[3].parent == events[2].span)
    #expect(events[7].trace != events[2].trace, "a run of its own")
    #expect(events[8].data?["rules"] == 1 && events[8].source?.module == "Rules")
  }

  @Test func whatIsCapturedIsAskedFor() async throws {
    let pipeline = RAGPipeline(emitter: emitter)
    for capture in [SpanCapture.none, .input, .output, .all] {
      _ = await pipeline.generate("secret", capture: capture)
    }
    let events = await events()
    let told = events.map { ($0.data?["input"] != nil, $0.data?["output"] != nil) }
    #expect(told.map { $0.0 } == [false, false, true, false, false, false, true, false])
    #expect(told.map { $0.1 } == [false, false, false, false, false, true, false, true])
    #expect(events[6].data?["input"] == ["query": "secret"])
    #expect(events[7].data?["output"] == "secretsecret")
    #expect(events.allSatisfy { $0.tags == ["stage": "3"] })
    for event in events[..<2] { #expect(!event.json.contains("secret")) }
  }

  @Test func tokensAndOtherFiguresAreOnTheEnd() async throws {
    _ = await RAGPipeline(emitter: emitter).generate("q", capture: .none)
    let end = await events().last?.data
    #expect(end?["name"] == "generate" && end?["documents"] == 2)
    #expect(
      end?["usage"]
        == ["input": 7, "output": 1, "total": 8, "provenance": "estimated", "confidence": 0.5])
  }

  @Test func longValuesAreCut() async throws {
    _ = await RAGPipeline(emitter: emitter).generate(
      String(repeating: "Ö", count: 500), capture: .all, limit: 100)
    let events = await events()
    #expect(events[0].data?["input_bytes"] == 1012)
    #expect((events[0].data?["input"]?.description.utf8.count ?? 0) <= 100)
    #expect(events[1].data?["output_bytes"] == 2002)
    #expect(events[1].data?["output"]?.string?.hasSuffix("Ö…") == true)
  }

  @Test func whatIsNoJSONIsDescribedAndNothingIsNothing() async throws {
    final class Handle: Sendable {}
    struct Named: CustomStringConvertible { var description: String { "named" } }
    _ = await instrument(self, emitter: emitter) { Handle() }
    _ = await instrument(self, emitter: emitter) { Named() }
    _ = await instrument(self, emitter: emitter) { Double.nan }
    await instrument(self, emitter: emitter) {}
    let ends = await events().filter { $0.phase == .end }.map { $0.data?["output"] }
    #expect(ends == ["a Handle", "named", "nan", nil])
  }

  @Test func errorsPassThroughWithTheirType() async {
    struct Broken: Error {}
    do throws(Broken) {
      try await instrument(self, emitter: emitter) { () throws(Broken) in throw Broken() }
      Issue.record("it must throw")
    } catch {}
    let error = await events().last
    #expect(error?.type == "step.error" && error?.data?["reason"] == "failed")
  }

  @Test func anErrorSaysHowItsSpanEnds() async {
    struct Limit: SpanFailure {
      var spanReason: SpanReason { .incomplete }
      var spanCode: String? { "too_many" }
      var spanMessage: String { "there were too many" }
    }
    try? await emitter.withSpan(.step, "s") { span in
      span.record("message", "mine")
      span.record("tried", 3)
      throw Limit()
    }
    let data = await events().last?.data
    #expect(data?["reason"] == "incomplete" && data?["code"] == "too_many" && data?["tried"] == 3)
    #expect(data?["message"] == "there were too many")
  }

  @Test func nothingIsLookedAtWhereNobodyListens() async {
    let silent = Emitter()
    var asked = false
    func input() -> String {
      asked = true
      return ""
    }
    await instrument(self, input: input(), emitter: silent) {}
    await instrument(self, input: input(), capture: .output, emitter: emitter) {}
    #expect(!asked)
  }

  @Test func typesAreNamedWithoutWhatTheyAreGenericOver() async {
    struct Holder<Value> {}
    await instrument(Holder<[Int]>(), emitter: emitter) {}
    await instrument(RAGPipeline.self, emitter: emitter) {}
    let modules = await events().filter { $0.phase == .start }.map { $0.source?.module }
    #expect(modules == ["Holder", "RAGPipeline"])
  }

  // MARK: Context

  @Test func theExecutionFollowsChildTasks() async {
    await Context.with {
      $0.session = "s1"
      $0.tags["run"] = "1"
    } run: {
      await instrument(self, emitter: emitter) {
        async let child = instrument(self, "child", emitter: emitter) { Context.execution }
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<4 { group.addTask { emitter.emit(EventType(repairing: "child.\(number)")) } }
        }
        let free = Task { await instrument(self, "free", emitter: emitter) { Context.execution } }
        let execution = Context.execution
        #expect(execution != nil)
        #expect(await child == execution)
        #expect(await free.value == execution)
      }
    }
    let events = await events()
    #expect(events.count == 10)
    let run = events[0]
    for event in events {
      #expect(event.trace == run.trace && event.session == "s1" && event.tags == ["run": "1"])
      if event.type.name.hasPrefix("child.") { #expect(event.span == run.span) }
    }
    #expect(events.filter { $0.parent == run.span && $0.phase == .start }.count == 2)
  }

  @Test func nothingLeaksIntoTheNextRun() async {
    for number in 0..<3 {
      #expect(Context.execution == nil && Context.current.fields == Context.Fields())
      await Context.with {
        $0.session = "s\(number)"
      } run: {
        await instrument(self, tags: ["run": "\(number)"], emitter: emitter) {
          // What a run leaves behind stays the run's.
          _ = Task { emitter.emit("left.behind") }
        }
      }
    }
    #expect(Context.execution == nil && Context.current.fields == Context.Fields())
    while await events().count < 9 { await Task.yield() }
    let byTrace = Dictionary(grouping: await events()) { $0.trace }
    #expect(byTrace.count == 3)
    for events in byTrace.values {
      #expect(events.count == 3)
      #expect(Set(events.map(\.session)).count == 1 && Set(events.map(\.tags)).count == 1)
      #expect(events[0].tags["run"] == events[0].session.map { String($0.dropFirst()) })
    }
  }

  @Test func runsSideBySideKeepApart() async {
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask {
          await Context.with {
            $0.session = "s\(number)"
          } run: {
            await instrument(self, "outer", emitter: emitter) {
              await Task.yield()
              await instrument(self, "inner", emitter: emitter) { await Task.yield() }
            }
          }
        }
      }
    }
    let byTrace = Dictionary(grouping: await events()) { $0.trace }
    #expect(byTrace.count == 50)
    for events in byTrace.values {
      #expect(events.map { $0.data?["name"] } == ["outer", "inner", "inner", "outer"])
      #expect(Set(events.map(\.session)).count == 1)
    }
  }
}

import Foundation
import SignalboxTesting
import Testing

@testable import Signalbox

@Suite(.timeLimit(.minutes(5)))
struct ChainTests {
  let fixture = ChainFixture()

  private func chain() -> Chain<String, Int> {
    Chain("summarise", emitter: fixture.emitter, options: fixture.options) {
      Step("load") { (url: String, step) in
        step.progress(0.5, "half")
        step.partial(["one"])
        return ["one", url]
      }
      Step("count") { (pages: [String]) in pages.count }.weight(3)
    }
  }

  @Test func tellsOfItselfAsTheContractSays() async throws {
    let output = try await chain().run("two", id: 42, metadata: ["user": "u1"])
    #expect(output == 2)
    let events = await fixture.chainEvents()
    #expect(
      events.map(\.type.name) == [
        "chain.start", "chain.progress", "chain.progress", "chain.step", "chain.step", "chain.end",
      ])
    #expect(events.map(\.phase) == [.start, .progress, .progress, .progress, .progress, .end])
    #expect(
      events.allSatisfy { $0.chain == "42" && $0.span == events[0].span && $0.trace == events[0].trace })
    #expect(
      events.map(\.data) == [
        [
          "name": "summarise", "total": 2, "steps": ["load", "count"], "input": "two",
          "metadata": ["user": "u1"],
        ],
        ["name": "load", "step": 0, "steps": 2, "fraction": 0.125, "step_fraction": 0.5, "message": "half"],
        ["name": "load", "step": 0, "steps": 2, "fraction": 0.125, "result": ["one"]],
        ["name": "load", "step": 0, "steps": 2, "fraction": 0.25, "result": ["one", "two"]],
        ["name": "count", "step": 1, "steps": 2, "fraction": 1.0, "result": 2],
        ["name": "summarise", "output": 2, "timing": ["duration_ms": 0.0]],
      ])
  }

  @Test func stepsAreSpansInsideOfIt() async throws {
    let emitter = fixture.emitter
    let clock = fixture.clock
    let chain = Chain("outer", emitter: emitter, options: fixture.options) {
      Step("ask") { (question: String, step) in
        emitter.emit("inside")
        step.span.delta("a")
        clock.advance(by: .milliseconds(1500))
        return question
      }
    }
    try await Context.with(
      { $0.session = "s1" }, run: { () async throws(ChainError) in _ = try await chain.run("?") })
    let events = await fixture.events()
    #expect(
      events.map(\.type.name) == [
        "chain.start", "step.start", "inside", "step.delta", "step.end", "chain.step", "chain.end",
      ])
    let step = events.filter { $0.span == events[1].span }
    #expect(step.map(\.type.name) == ["step.start", "inside", "step.delta", "step.end"])
    #expect(step.allSatisfy { $0.parent == events[0].span })
    #expect(events.allSatisfy { $0.session == "s1" && $0.chain == events[0].chain && $0.chain != nil })
    #expect(step[0].data == ["name": "ask", "step": 0, "steps": 1, "input": "?"])
    #expect(step[3].data == ["name": "ask", "step": 0, "steps": 1, "timing": ["duration_ms": 1500.0]])
  }

  @Test(arguments: ["42", "8b3f1c1e-5d0f-4f0f-9f57-2f9f3a1f0b11", "word", String(repeating: "x", count: 64)])
  func anyIDWillDo(_ id: String) async throws {
    _ = try await chain().run("x", id: id)
    #expect(await fixture.events().allSatisfy { $0.chain == id })
  }

  @Test func aUUIDIsAnID() async throws {
    let id = UUID()
    _ = try await chain().run("x", id: id)
    #expect(await fixture.chainEvents().first?.chain == id.uuidString)
  }

  @Test(arguments: ["", "a/b", "a b", "ä", String(repeating: "x", count: 65)])
  func whatIsNoIDBeginsNothing(_ id: String) async {
    await #expect { try await chain().run("x", id: id) } throws: { ($0 as? ChainError)?.code == .invalidID }
    #expect(await fixture.events().isEmpty)
  }

  @Test func withoutAnIDEachRunHasItsOwn() async throws {
    _ = try await chain().run("x")
    _ = try await chain().run("x")
    #expect(Set(await fixture.chainEvents().map { $0.chain ?? "" }).count == 2)
  }

  @Test func aFailureEndsItAndSaysWhere() async {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step("good") { (x: Int) in x }
      Step("bad") { (x: Int) -> Int in throw Broken() }
      Step("never") { (x: Int) in x }
    }
    do throws(ChainError) {
      _ = try await chain.run(1)
      Issue.record("it must throw")
    } catch {
      #expect(error.code == .failed && error.step == "bad" && error.place == 1 && error.attempts == 1)
      #expect(error.underlying is Broken && error.message == "it broke")
      #expect(error.description == #"failed: step "bad": it broke"#)
    }
    let events = await fixture.events()
    #expect(
      events.map(\.type.name) == [
        "chain.start", "step.start", "step.end", "chain.step", "step.start", "step.error", "chain.error",
      ])
    #expect(
      events[5].data == [
        "reason": "failed", "message": "it broke", "name": "bad", "step": 1, "steps": 3,
        "timing": ["duration_ms": 0.0],
      ])
    #expect(
      events[6].data == [
        "reason": "failed", "message": "it broke", "name": "c", "step": 1, "step_name": "bad",
        "timing": ["duration_ms": 0.0],
      ])
    #expect(events[6].phase == .error)
  }

  @Test func contentIsKeptWhereItIsNotWanted() async {
    var options = fixture.options
    options.capturesContent = false
    let chain = Chain("c", emitter: fixture.emitter, options: options) {
      Step("one") { (secret: String, step) in
        step.progress(0.5, secret)
        step.partial(secret)
        return secret
      }
      Step("two") { (secret: String) -> String in throw Broken(description: secret) }
    }
    _ = try? await chain.run("hush-hush")
    let events = await fixture.events()
    #expect(events.last?.type == "chain.error" && events.last?.data?["message"] == "Broken")
    #expect(events.count == 9)
    for event in events { #expect(!event.json.contains("hush-hush"), "\(event.json)") }
  }

  @Test func resultsThatAreNoJSONAreDescribed() async throws {
    struct Report: Sendable { var pages = 3 }
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step("report") { (_: Int) in Report() }
    }
    _ = try await chain.run(1)
    let events = await fixture.chainEvents()
    let report: JSONValue = ["type": "Report", "description": "Report(pages: 3)", "described": true]
    #expect(events[1].data?["result"] == report && events[2].data?["output"] == report)
  }

  @Test func withoutAnExporterItRunsAllTheSame() async throws {
    let chain = Chain("c", emitter: Emitter(), options: fixture.options) {
      Step("one") { (x: Int, step) in
        step.progress(0.5)
        return x + 1
      }
    }
    #expect(try await chain.run(1) == 2)
  }

  @Test func nothingIsSaidAfterTheEnd() async throws {
    let kept = Locked<StepHandle?>(nil)
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step("one") { (x: Int, step) in
        kept.withLock { $0 = step }
        return x
      }
    }
    _ = try await chain.run(1)
    kept.withLock { $0 }?.progress(0.7, "late")
    kept.withLock { $0 }?.partial(1)
    #expect(await fixture.chainEvents().map(\.type.name) == ["chain.start", "chain.step", "chain.end"])
  }

  @Test func progressIsToldInThousandths() async throws {
    var configuration = Emitter.Configuration()
    configuration.capacity = 5000
    let recorder = Recorder()
    let emitter = Emitter([recorder], configuration: configuration)
    let chain = Chain("c", emitter: emitter) {
      Step("one") { (x: Int, step) in
        for part in 0..<100_000 { step.progress(Double(part) / 100_000) }
        step.progress(.nan)
        step.progress(7)
        return x
      }
    }
    _ = try await chain.run(1)
    await emitter.flush(within: .seconds(60))
    let progress = await recorder.events.filter { $0.type == "chain.progress" }
    #expect(progress.count <= 1002)
    let fractions = progress.map { event -> Double in
      if case .double(let fraction) = event.data?["fraction"] { fraction } else { -1 }
    }
    #expect(fractions == fractions.sorted() && fractions.last == 1)
  }

  @Test func everyEventFitsTheSchema() async throws {
    let schema = try SchemaTests()
    let options = fixture.options
    let chain = Chain("c", emitter: fixture.emitter, options: options) {
      Branch("way", if: { (x: Int) in x > 0 }) {
        Step("one") { (x: Int, step) in
          step.progress(0.5, "half")
          step.partial("part", fraction: 0.7)
          if step.attempt == 1 { throw Broken() }
          return x
        }
        .retry(2, backoff: Backoff(base: .zero))
      }
      Parallel {
        Step("two") { (x: Int) in x }
        Step("three") { (x: Int) -> Int in throw Broken() }
      }
    }
    let run = chain.start(1, metadata: ["a": 1])
    await fixture.clock.sleepers(1)
    fixture.clock.advance(by: .seconds(1))
    await #expect(throws: ChainError.self) { try await run.value }
    _ = try await self.chain().run("x")
    let events = await fixture.events()
    #expect(Set(events.map(\.type.name)).count == 10)
    for event in events { #expect(try schema.problems(event) == [], "\(event.json)") }
  }
}

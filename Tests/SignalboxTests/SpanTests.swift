import SignalboxTesting
import Testing

@testable import Signalbox

@Suite(.timeLimit(.minutes(5)))
struct SpanTests {
  let clock = TestClock()
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter

  init() {
    var configuration = Emitter.Configuration()
    configuration.clock = clock
    emitter = Emitter([recorder], configuration: configuration)
  }

  private func recorded() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  struct Broken: Error, CustomStringConvertible { let description = "it broke" }

  @Test func hasAStartAndAnEnd() async throws {
    let clock = clock
    let value = await emitter.withSpan(.retrieval, "products", input: "shoes") { span in
      span.progress(0.5, "half")
      clock.advance(by: .milliseconds(1500))
      span.output(["count": 7])
      return 42
    }
    #expect(value == 42)
    let events = await recorded()
    #expect(events.map(\.type.name) == ["retrieval.start", "retrieval.progress", "retrieval.end"])
    #expect(events.map(\.phase) == [.start, .progress, .end])
    #expect(events[0].data == ["name": "products", "input": "shoes"])
    #expect(events[1].data == ["fraction": 0.5, "message": "half"])
    #expect(
      events[2].data == ["name": "products", "output": ["count": 7], "timing": ["duration_ms": 1500.0]])
    #expect(Set(events.map(\.span)).count == 1 && events[0].trace != nil && events[0].parent == nil)
  }

  @Test func anErrorEndsItOnceAndKeepsItsType() async {
    do throws(Broken) {
      try await emitter.withSpan("rerank", "x") { (_) async throws(Broken) -> Void in throw Broken() }
      Issue.record("the error must come through")
    } catch {
      #expect(error.description == "it broke")
    }
    let events = await recorded()
    #expect(events.map(\.type.name) == ["rerank.start", "rerank.error"])
    #expect(events[1].phase == .error)
    #expect(events[1].data?["reason"] == "failed" && events[1].data?["message"] == "it broke")
  }

  @Test func cancellationIsNoFailure() async {
    let emitter = emitter
    let task = Task {
      try await emitter.withSpan(.agent, "x") { _ in
        withUnsafeCurrentTask { $0?.cancel() }
        try Task.checkCancellation()
      }
    }
    _ = await task.result
    #expect(await recorded().last?.data?["reason"] == "cancelled")
  }

  @Test func spansNest() async {
    let emitter = emitter
    await Context.with {
      $0.session = "s1"
    } run: {
      await emitter.withSpan(.chain, "outer") { outer in
        emitter.emit("inside")
        async let child: Void = emitter.withSpan(.tool, "inner", tags: ["k": "v"]) { inner in
          #expect(inner.context.parent == outer.context.span && inner.context.trace == outer.context.trace)
          #expect(Context.execution == outer.context.trace?.description)
        }
        await child
      }
    }
    let events = await recorded()
    #expect(events.allSatisfy { $0.session == "s1" } && Set(events.map(\.trace)).count == 1)
    #expect(
      events.filter { $0.span == events[0].span }.map(\.type.name) == ["chain.start", "inside", "chain.end"])
    #expect(events.filter { $0.tags == ["k": "v"] }.map(\.type.name) == ["tool.start", "tool.end"])
  }

  @Test func joinsAnIncomingTrace() async {
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await Context.with {
      _ = $0.join(traceparent: header)
    } run: {
      await emitter.withSpan(.llm, "x") { span in
        #expect(span.context.trace?.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(span.context.parent?.description == "00f067aa0ba902b7")
        #expect(span.traceparent?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
      }
    }
  }

  @Test func deltasAreNumberedWithoutAGap() async {
    let clock = clock
    await emitter.withSpan(.llm, "greet", model: "gpt-4o") { span in
      clock.advance(by: .milliseconds(210))
      span.delta("Good ")
      span.delta("{", channel: .toolArguments, tool: ToolFragment(index: 1, id: "c1", name: "f"))
      span.restart("connection reset")
      span.delta("morning", choice: 1)
      span.usage(TokenUsage(input: 9, cachedRead: 1, output: 2, provenance: .providerFinal))
    }
    let events = await recorded()
    #expect(events.filter { $0.phase == .delta }.map(\.index) == [0, 1, 2])
    #expect(events[2].data?["tool"] == ["index": 1, "id": "c1", "name": "f"])
    #expect(events[3].data == ["attempt": 1, "discard_from": 0, "message": "connection reset"])
    #expect(
      events[5].data == [
        "input": 9, "cached_read": 1, "output": 2, "total": 12, "provenance": "provider_final",
      ])
    #expect(
      events[6].data?["timing"] == ["duration_ms": 210.0, "first_delta_ms": 210.0, "deltas": 3])
    #expect(events.allSatisfy { $0.model == "gpt-4o" })
  }

  @Test func deltasOfOneSpanFromManyTasksKeepTheirOrder() async {
    await emitter.withSpan(.llm, "x") { span in
      await withTaskGroup { group in
        for _ in 0..<8 { group.addTask { for _ in 0..<50 { span.delta("x") } } }
      }
    }
    let deltas = await recorded().filter { $0.phase == .delta }
    #expect(deltas.map(\.index) == (0..<400).map { Int64($0) })
  }

  @MainActor final class View {
    var state = 0

    /// The body runs where its caller runs, so it may touch the caller's state.
    func load(_ emitter: Emitter) async { await emitter.withSpan(.step, "x") { _ in state += 1 } }
  }

  @MainActor @Test func theBodyRunsOnItsCallersActor() async {
    let view = View()
    await view.load(emitter)
    #expect(view.state == 1)
  }
}

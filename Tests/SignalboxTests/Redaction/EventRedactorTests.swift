import SignalboxTesting
import Testing

@testable import Signalbox

/// What exporters get of an emitter that keeps its content to itself.
@Suite(.timeLimit(.minutes(5)))
struct EventRedactorTests {
  private let recorder = Recorder()

  private func emitter(_ policy: ContentPolicy) -> Emitter {
    var configuration = Emitter.Configuration()
    configuration.content = policy
    return Emitter([recorder], configuration: configuration)
  }

  private func events(_ emitter: Emitter) async -> [Event] {
    #expect(await emitter.shutDown(within: .seconds(20)))
    return await recorder.events
  }

  /// The texts of a channel by their index, where every index is there once.
  private func text(_ events: [Event], _ channel: String = "text") -> String {
    let deltas = events.filter { $0.phase == .delta }.sorted { $0.index ?? 0 < $1.index ?? 0 }
    var next: Int64 = 0
    for delta in deltas {
      #expect(delta.index == next)
      next += delta.count
    }
    return deltas.filter { $0.data?["channel"]?.string == channel }
      .compactMap { $0.data?["text"]?.string }.joined()
  }

  @Test func theExampleOfThePage() async throws {
    var configuration = Emitter.Configuration()
    configuration.content = try ContentPolicy(parsing: #"{"fields": ["*.password"], "detectors": ["email"]}"#)
    let emitter = Emitter([recorder], configuration: configuration)
    emitter.emit("note", ["text": "write to jane@example.com", "password": "hunter2"])
    #expect(
      await events(emitter).first?.data
        == [
          "text": "write to __REDACTED__", "password": "__REDACTED__", "redacted": ["email": 1, "field": 1],
        ])
  }

  @Test func allThatAnEventSaysIsRedacted() async {
    let emitter = emitter(ContentPolicy(.redacted))
    await Context.with {
      $0.tags["user"] = "a@b.io"
      $0.source = .init(service: "c@d.io", module: "m")
      $0.model = "e@f.io"
    } run: {
      emitter.emit("note", ["deep": [["x": "10.0.0.1"], 4_111_111_111_111_111, true], "g@h.io": 1.5])
    }
    let event = await events(emitter)[0]
    #expect(event.tags == ["user": "__REDACTED__"])
    #expect(event.source == .init(service: "__REDACTED__", module: "m"))
    #expect(event.model == "__REDACTED__")
    #expect(event.data?["deep"] == [["x": "__REDACTED__"], "__REDACTED__", true])
    #expect(event.data?["__REDACTED__"] == 1.5)
  }

  @Test func aStreamIsRedactedHoweverItIsCut() async {
    let said = "Write to jane.doe@example.com, dear"
    let bytes = Array(said.utf8)
    for cut in 0...bytes.count {
      let recorder = Recorder()
      var configuration = Emitter.Configuration()
      configuration.content = ContentPolicy(.redacted)
      let emitter = Emitter([recorder], configuration: configuration)
      await emitter.withSpan(.llm, "call", provider: "p", model: "m") { span in
        span.delta(String(decoding: bytes[..<cut], as: UTF8.self))
        span.delta("{", channel: .toolArguments, tool: ToolFragment(index: 1))
        span.delta(String(decoding: bytes[cut...], as: UTF8.self))
        span.delta("bob", channel: .toolArguments, tool: ToolFragment(index: 1))
      }
      #expect(await emitter.shutDown(within: .seconds(20)))
      let events = await recorder.events
      #expect(text(events) == "Write to __REDACTED__, dear", "cut at \(cut)")
      #expect(text(events, "tool_arguments") == "{bob")
      #expect(events.last?.phase == .end)
    }
  }

  @Test func metadataIsWhatIsLeft() async throws {
    let emitter = emitter(
      try ContentPolicy(
        parsing: #"{"content": "full", "rules": [{"type": "health.*", "content": "metadata"}]}"#))
    emitter.emit("health.note", ["status": 200, "text": "ill"])
    emitter.emit("note", ["text": "a@b.io"])
    #expect(await events(emitter).map(\.data) == [["status": 200], ["text": "a@b.io"]])
  }

  @Test func aRestartMakesVoidWhatIsHeld() async {
    let emitter = emitter(ContentPolicy(.redacted))
    await emitter.withSpan(.llm, "call", provider: "p", model: "m") { span in
      span.delta("Good mor")
      span.emit("llm.restart", ["attempt": 1, "discard_from": 0], phase: .restart)
      span.delta("Good morning")
    }
    let events = await events(emitter)
    #expect(text(events) == "Good Good morning")
  }
}

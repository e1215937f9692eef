import Signalbox
import Testing

@testable import SignalboxLLM

struct AnalyticsCollectorTests {
  @Test func streamsAtOnceAreKeptApart() async throws {
    let sent = Kept<AnalyticsSession>()
    let collector = AnalyticsCollector { sent.add($0) }
    await collector.handle(Events.start(stream: "a", at: 10))
    await collector.handle(Events.start(stream: "b", at: 11))
    await collector.handle(Events.delta("Gü", 0, stream: "a", at: 10.5))
    await collector.handle(Events.delta("x", 0, stream: "b", at: 11.25))
    await collector.handle(Events.delta("y", 1, stream: "a", at: 10.75))
    #expect(collector.running.map(\.streamID) == ["a", "b"])
    await collector.handle(Events.error(.overloaded, stream: "b", at: 12))
    await collector.handle(
      Events.complete("Güy", output: 3, chunks: 2, stream: "a", at: 12, durationMS: 1999))
    #expect(sent.all.map(\.streamID) == ["b", "a"])
    #expect(collector.sessions == sent.all)
    #expect(collector.running.isEmpty)
    let failed = sent.all[0]
    #expect(failed.outcome == .failed && failed.firstTokenMS == 250 && failed.durationMS == 1000)
    #expect(failed.errors == [.init(type: "overloaded", message: "no", isRetryable: true)])
    let whole = sent.all[1]
    #expect(whole.id == "r-a" && whole.provider == "openai" && whole.model == "gpt-4o")
    #expect(whole.outcome == .complete && whole.durationMS == 1999 && whole.errors.isEmpty)
    #expect(
      whole.chunks == [.init(index: 0, size: 3, timestamp: 10.5), .init(index: 1, size: 1, timestamp: 10.75)])
    #expect(whole.usage?.output == 3)
    #expect(whole.json["usage"]?["total_tokens"] == 12)
    #expect(whole.json["outcome"] == "complete")
    #expect(collector.counts == counts(ended: 2, sent: 2))
  }

  private func counts(ended: Int = 0, sent: Int = 0, failed: Int = 0, abandoned: Int = 0) -> [Int] {
    [ended, sent, failed, abandoned]
  }

  @Test func aRestartIsAnErrorThatWasOvercome() async {
    let collector = AnalyticsCollector()
    for event in [Events.start(), Events.delta("a"), Events.restart(from: 0), Events.complete()] {
      await collector.handle(event)
    }
    #expect(collector.sessions[0].restarts == 1)
    #expect(collector.sessions[0].errors.map(\.type) == ["incomplete"])
    #expect(collector.sessions[0].outcome == .complete)
  }

  @Test func bounded() async {
    let sent = Kept<AnalyticsSession>()
    let collector = AnalyticsCollector(chunks: 2, streams: 2, kept: 1) { sent.add($0) }
    for stream in ["a", "b", "c"] {
      for index in 0..<5 { await collector.handle(Events.delta("x", index, stream: stream)) }
    }
    #expect(sent.all.map(\.outcome) == [.abandoned])
    for stream in ["b", "c"] { await collector.handle(Events.complete(stream: stream)) }
    #expect(sent.count == 3)
    #expect(collector.sessions.count == 1)
    #expect(sent.all[2].chunks.count == 2 && sent.all[2].totalChunks == 5)
    #expect(collector.counts == counts(ended: 2, sent: 3, abandoned: 1))
  }

  @Test func aSenderThatFailsIsCounted() async {
    let collector = AnalyticsCollector { _ in throw TestError() }
    await collector.handle(Events.complete())
    #expect(collector.counts == counts(ended: 1, failed: 1))
    #expect(collector.sessions.count == 1)
  }
}

private func == (counts: AnalyticsCollector.Counts, numbers: [Int]) -> Bool {
  [counts.ended, counts.sent, counts.failed, counts.abandoned] == numbers
}

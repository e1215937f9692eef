import Foundation
import Signalbox
import SignalboxLLM
import Testing

struct StreamMetricsTests {
  @Test func oneStream() {
    var measure = StreamMeasure()
    measure.record(Events.start(at: 10))
    measure.record(Events.delta("Good ", 0, at: 10.25))
    measure.record(Events.delta("morning", 1, at: 10.5))
    #expect(measure.outcome == nil)
    measure.record(Events.usage(output: 4, at: 10.5))
    #expect(measure.tokensPerSecond == 16)
    measure.record(Events.complete(output: 8, at: 12.25))
    #expect(measure.firstTokenMS == 250)
    #expect(measure.durationMS == 2250)
    #expect(measure.lastGapMS == 250)
    #expect(measure.gaps.count == 1)
    #expect(measure.chunks == 2 && measure.bytes == 12)
    #expect(measure.tokensPerSecond == 4)
    #expect(measure.outcome == .complete)
  }

  @Test func aStreamWhoseStartWasNotSeen() {
    var measure = StreamMeasure()
    measure.record(Events.delta("a", at: 10))
    measure.record(Events.error(.timeout, at: 11))
    #expect(measure.firstTokenMS == nil)
    #expect(measure.durationMS == 1000)
    #expect(measure.outcome == .failed("timeout"))
  }

  @Test func sumsByProviderAndModelOfStreamsAtOnce() {
    var metrics = StreamMetrics()
    for stream in ["a", "b", "c"] { metrics.record(Events.start(stream: stream, at: 10)) }
    for stream in ["a", "b", "c"] { metrics.record(Events.delta("x", 0, stream: stream, at: 10.5)) }
    #expect(metrics.open.count == 3)
    #expect(metrics.totals.isEmpty)
    let ended = metrics.record(Events.complete(output: 10, stream: "a", at: 11.5))
    #expect(ended?.firstTokenMS == 500)
    metrics.record(Events.complete(output: 30, stream: "b", at: 11.5))
    metrics.record(Events.restart(from: 0, stream: "c", at: 10.6))
    metrics.record(Events.error(stream: "c", at: 11))
    #expect(metrics.open.isEmpty)
    let totals = metrics.totals[.init(provider: "openai", model: "gpt-4o")]
    #expect(totals?.streams == 3 && totals?.failed == 1 && totals?.restarts == 1)
    #expect(totals?.outputTokens == 40 && totals?.inputTokens == 18)
    #expect(totals?.tokensPerSecond == 20)
    #expect(totals?.firstToken.count == 3)
    #expect(metrics.totals(provider: "openai") == totals)
    #expect(metrics.totals(provider: "xai").streams == 0)
  }

  @Test func asEvents() {
    var metrics = StreamMetrics()
    metrics.record(Events.start(at: 10))
    metrics.record(Events.delta("a", 0, at: 10.5))
    metrics.record(Events.delta("a", 1, at: 10.75))
    metrics.record(Events.complete(output: 10, at: 11.5))
    let events = metrics.events(time: 5)
    #expect(events.count == 1)
    #expect(events[0].type.name == "llm.metrics")
    #expect(events[0].phase == nil)
    #expect(events[0].provider == "openai" && events[0].model == "gpt-4o")
    #expect(events[0].time == 5)
    #expect(events[0].data?["streams"] == 1)
    #expect(events[0].data?["output"] == 10)
    #expect(events[0].data?["tokens_per_second"] == .double(10))
    #expect(events[0].data?["first_token_ms"]?["p50"] == .double(500))
    #expect(events[0].data?["gap_ms"]?["count"] == 1)
  }

  @Test func theEventHoldsWhatTheSchemaDeclares() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../../docs/events.schema.json")
    let schema = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
    let definitions = try #require(schema["$defs"])
    let declared = try #require(definitions["data"]?["llm.metrics"]?["properties"])
    let quantiles = try #require(definitions["quantiles"]?["properties"])
    var metrics = StreamMetrics()
    var complete = Events.complete(output: 10, at: 11.5)
    if case .complete(var event) = complete {
      event.reply.cost = .known(CostBreakdown(input: 1, output: 1))
      complete = .complete(event)
    }
    for event in [
      Events.start(at: 10), Events.delta("a", 0, at: 10.5), Events.delta("a", 1, at: 10.6), complete,
    ] {
      metrics.record(event)
    }
    guard case .object(let data) = try #require(metrics.events()[0].data) else {
      Issue.record("no object")
      return
    }
    #expect(data.members.count == 11)
    for (name, value) in data.members {
      #expect(declared[name] != nil, "\(name)")
      guard case .object(let inner) = value else { continue }
      for (name, _) in inner.members { #expect(quantiles[name] != nil, "\(name)") }
    }
  }

  @Test func bounded() {
    var metrics = StreamMetrics(streams: 2, keys: 2)
    for stream in 0..<5 { metrics.record(Events.start(stream: "\(stream)")) }
    #expect(metrics.open.count == 2)
    #expect(metrics.forgotten == 3)
    for model in 0..<5 {
      metrics.record(Events.delta("a", stream: "m\(model)", model: "model-\(model)"))
      metrics.record(Events.complete(stream: "m\(model)"))
    }
    #expect(metrics.totals.count == 3)
    #expect(metrics.totals[.init(provider: "other", model: "other")]?.streams == 3)
  }
}

import Fetch
import Foundation
import Signalbox
import SignalboxLLM
import SignalboxServer
import SignalboxTesting
import Testing
import Wire

/// A stop button that is pressed at the server ends the work of an application that only sends it events: over real
/// HTTP, with the real exporter.
@Suite(.timeLimit(.minutes(2)))
struct StopButtonTests {
  @Test func anAgentStops() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sb-stop-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.dataDirectory = folder.path
    configuration.loops = 1
    let server = try Server(configuration) { _ in }
    let url = try server.start().address.url
    defer { server.stop() }
    let provider = try ScriptedProvider(
      ScriptedReply.text("Good morning to you", chunks: 4).with(.stall(afterBytes: 500)))
    defer { provider.stop() }

    var exporting = HTTPExporter.Configuration(url: url)
    exporting.batching = Batching(interval: .milliseconds(5))
    exporting.cancelInterval = .milliseconds(50)
    let emitter = Emitter([HTTPExporter(exporting)])
    let client = LLMClient(.openAI(key: "k", url: provider.url + "/v1"), emitter: emitter)
    let (traces, begun) = AsyncStream<TraceID>.makeStream()
    let run = Task {
      try await emitter.withSpan(.agent, "helper") { span in
        begun.yield(try #require(span.context.trace))
        return try await client.generate("Hi", model: "gpt-4o")
      }
    }
    var iterator = traces.makeAsyncIterator()
    let trace = try #require(await iterator.next())
    await provider.stalled()
    #expect(await emitter.flush(within: .seconds(20)))

    let answer = try await FetchClient.shared.send(
      FetchRequest("POST", "\(url)/v1/traces/\(trace)/cancel", headers: [], body: nil))
    let said = try JSONValue(parsing: try await answer.body.collect(limit: 4096))
    #expect(answer.status == 202 && said["producers"] == 1 && said["spans"] == 2 && said["calls"] == 0)
    await #expect(throws: (any Error).self) { try await run.value }
    #expect(await emitter.shutDown(within: .seconds(20)))

    let page = try await FetchClient.shared.send(
      FetchRequest("GET", "\(url)/v1/events?trace=\(trace)", headers: [], body: nil))
    let events = try JSONValue(parsing: try await page.body.collect(limit: 1 << 20))
    guard case .array(let list)? = events["events"] else {
      Issue.record("no events")
      return
    }
    let ends = list.filter { $0["phase"] == "error" || $0["phase"] == "end" }
    #expect(ends.compactMap { $0["type"]?.string } == ["llm.error", "agent.error"])
    #expect(ends.allSatisfy { $0["data"]?["reason"] == "cancelled" })
  }
}

import Signalbox
import SignalboxTesting
import Synchronization
import Testing

@testable import Fetch

/// The exporter's ear for what was cancelled at the server.
@Suite(.timeLimit(.minutes(2)))
struct CancelListenerTests {
  @Test func itAsksWhileSomethingRunsAndNothingIsSent() {
    let (a, b) = (TraceID.generate(), TraceID.generate())
    var listener = CancelListener()
    func sent(_ traces: Set<TraceID>) -> Bool { listener.sent(traces, producer: "p") }
    func next(running: Set<TraceID>, of known: Set<TraceID>) -> CancelListener.Step {
      listener.next(running: running, of: known)
    }
    #expect(!sent([]), "nothing runs here")
    #expect(sent([a]))
    #expect(!sent([b]), "once")
    #expect(listener.traces == [a, b])
    #expect(next(running: [a, b], of: [a, b]) == .skip)
    #expect(next(running: [a, b], of: [a, b]) == .ask(producer: "p"))
    #expect(next(running: [b], of: [a, b]) == .ask(producer: "p"))
    #expect(next(running: [], of: [b]) == .end)
    #expect(sent([a]), "and again")
    #expect(next(running: [], of: []) == .skip, "what came meanwhile is not forgotten")
    listener.close()
    #expect(next(running: [a], of: [a]) == .end)
    #expect(!sent([a]))
  }

  @Test func answersAreRead() {
    let trace = TraceID.generate()
    let answer = IngestAnswer(Array(#"{"stored":1,"cancel":["\#(trace)","nonsense",7]}"#.utf8))
    #expect(answer.cancelled == [trace])
    #expect(IngestAnswer(Array(#"{"stored":1,"cancel":"x"}"#.utf8)).cancelled == [])
  }

  /// Events, then silence: the exporter asks, and hears.
  @Test func theExporterHears() async throws {
    let trace = TraceID.generate()
    let requests = Mutex<[String]>([])
    let server = RawServer { connection in
      while let request = connection.readRequest() {
        let number = requests.withLock { requests in
          requests.append(request)
          return requests.count
        }
        let body = number == 1 ? #"{"stored":1}"# : #"{"stored":0,"cancel":["\#(trace)"]}"#
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      }
    }
    defer { server.stop() }
    let clock = TestClock()
    var configuration = HTTPExporter.Configuration(url: server.url, key: "sbk_k")
    configuration.clock = clock
    let exporter = HTTPExporter(configuration, client: FetchClient(thread: FetchThread()))
    let (heard, hears) = AsyncStream<Void>.makeStream()
    let registration = Cancellation.onCancel(of: trace) { hears.finish() }
    var context = Context()
    context.trace = trace
    context.span = .generate()
    _ = try await exporter.write(
      ExportBatch(events: [Event("a", context: context)], producer: "p1", firstSequence: 0))
    // The first round finds that something was sent just now.
    for _ in 0..<2 {
      await clock.sleepers(1)
      clock.advance(by: .seconds(2))
    }
    for await _ in heard {}
    #expect(Cancellation.isCancelled(trace: trace))
    let asked = requests.withLock { $0[1] }
    #expect(
      asked.contains("\r\nx-signalbox-producer: p1\r\n") && asked.contains("Bearer sbk_k")
        && asked.hasSuffix("\r\n\r\n[]"))
    withExtendedLifetime(registration) {}
  }
}

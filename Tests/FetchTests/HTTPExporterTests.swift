import Signalbox
import SignalboxTesting
import Synchronization
import Testing
import Wire

@testable import Fetch

@Suite(.timeLimit(.minutes(5)))
struct HTTPExporterTests {
  let clock = TestClock()
  let client = FetchClient(thread: FetchThread())

  private func exporter(_ url: String, key: String? = nil, compressAbove: Int? = nil) -> HTTPExporter {
    var configuration = HTTPExporter.Configuration(url: url, key: key)
    configuration.clock = clock
    configuration.compressAbove = compressAbove
    return HTTPExporter(configuration, client: client)
  }

  private func batch(_ events: [Event] = [Event("a", id: EventID("1"), time: 0, context: Context())])
    -> ExportBatch
  {
    ExportBatch(events: events, producer: "p1", firstSequence: 7)
  }

  /// Serves the answers in order, the last one for ever, and keeps the requests.
  private final class Script: Sendable {
    let requests = Mutex<[String]>([])
    let answers: [String]
    init(_ answers: [String]) { self.answers = answers }

    func serve(_ connection: Connection) {
      while let request = connection.readRequest() {
        let number = requests.withLock { requests in
          requests.append(request)
          return requests.count
        }
        connection.send(answers[min(number, answers.count) - 1])
      }
    }

    static func answer(_ status: String, _ body: String = "", headers: String = "") -> String {
      "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
  }

  @Test func sendsNDJSONWithProducerAndNumbers() async throws {
    let script = Script([Script.answer("200 OK", #"{"stored":2,"duplicate":0,"rejected":[],"position":"x"}"#)]
    )
    let server = RawServer(script.serve)
    defer { server.stop() }
    let events = ["a", "b"].map {
      Event(EventType(repairing: $0), id: EventID($0), time: 0, context: Context())
    }
    #expect(try await exporter(server.url + "/", key: "sb_k").write(batch(events)) == [])
    let request = script.requests.withLock { $0[0] }
    #expect(request.hasPrefix("POST /v1/events HTTP/1.1\r\n"))
    #expect(request.contains("\r\nContent-Type: application/x-ndjson\r\nAuthorization: Bearer sb_k\r\n"))
    let lines = request.split(separator: "\r\n\r\n")[1]
    #expect(
      lines == #"{"id":"a","type":"a","time":"1970-01-01T00:00:00.000000Z","producer":"p1","seq":7}"# + "\n"
        + #"{"id":"b","type":"b","time":"1970-01-01T00:00:00.000000Z","producer":"p1","seq":8}"# + "\n")
  }

  @Test func compressesLargeBodies() async throws {
    let script = Script([Script.answer("200 OK", "{}")])
    let server = RawServer(script.serve)
    defer { server.stop() }
    let event = Event(
      "x", ["text": .string(String(repeating: "signalbox ", count: 1000))], context: Context())
    _ = try await exporter(server.url, compressAbove: 1000).write(batch([event]))
    let request = script.requests.withLock { $0[0] }
    #expect(request.contains("Content-Encoding: gzip") && request.utf8.count < 2000)
  }

  @Test func triesAgainUntilItArrives() async throws {
    let script = Script([
      Script.answer("503 Busy", headers: "Retry-After: 7\r\n"), Script.answer("500 Oh"),
      Script.answer("200 OK", "{}"),
    ])
    let server = RawServer(script.serve)
    defer { server.stop() }
    let exporter = exporter(server.url)
    let writing = Task { try await exporter.write(batch()) }
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(6900))
    #expect(script.requests.withLock { $0.count } == 1)
    clock.advance(by: .milliseconds(100))
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(400))
    #expect(try await writing.value == [])
    // The same numbers each time: a re-send is a duplicate.
    #expect(script.requests.withLock { Set($0.map { $0.split(separator: "\r\n\r\n")[1] }).count } == 1)
  }

  @Test func threeFailuresOpenTheBreaker() async throws {
    let script = Script([Script.answer("500 Oh")])
    let server = RawServer(script.serve)
    defer { server.stop() }
    let exporter = exporter(server.url)
    let writing = Task { try await exporter.write(batch()) }
    for _ in 0..<2 {
      await clock.sleepers(1)
      clock.advance(by: .seconds(1))
    }
    await clock.sleepers(1)
    clock.advance(by: .milliseconds(29_900))
    #expect(script.requests.withLock { $0.count } == 3)
    clock.advance(by: .milliseconds(100))
    await clock.sleepers(1)
    #expect(script.requests.withLock { $0.count } == 4)
    writing.cancel()
    await #expect(throws: ExportError.self) { try await writing.value }
  }

  @Test func saysWhatWasRefused() async throws {
    let script = Script([
      Script.answer(
        "200 OK", #"{"stored":1,"duplicate":0,"rejected":[{"index":1,"field":"data","error":"too large"}]}"#)
    ])
    let server = RawServer(script.serve)
    defer { server.stop() }
    var wrong = Event("a", context: Context())
    wrong.session = "not an id"
    let events = [wrong, Event("b", context: Context()), Event("c", context: Context())]
    let rejections = try await exporter(server.url).write(batch(events))
    #expect(rejections.map(\.index) == [0, 2])
    #expect(rejections.map(\.field) == ["session", "data"])
    #expect(rejections[1].reason == "too large")
  }

  @Test func aRefusedBatchIsGivenUp() async throws {
    let script = Script([
      Script.answer("401 No", #"{"error":{"code":"unauthorized","message":"no such key"}}"#)
    ])
    let server = RawServer(script.serve)
    defer { server.stop() }
    let exporter = exporter(server.url, key: "wrong-key")
    await #expect {
      try await exporter.write(batch())
    } throws: { error in
      "\(error)".contains("401: no such key") && !"\(error)".contains("wrong-key")
    }
  }

  @Test func anEmitterSendsThroughIt() async throws {
    let script = Script([Script.answer("200 OK", "{}")])
    let server = RawServer(script.serve)
    defer { server.stop() }
    var configuration = HTTPExporter.Configuration(url: server.url)
    configuration.batching = Batching(events: 10, interval: .seconds(60))
    let emitter = Emitter([HTTPExporter(configuration, client: client)])
    for _ in 0..<25 { emitter.emit("x") }
    #expect(await emitter.shutDown(within: .seconds(20)))
    #expect(emitter.ledger == .init(emitted: 25, sent: 25, dropped: 0, buffered: 0))
    let lines = script.requests.withLock {
      $0.map { $0.split(separator: "\r\n\r\n")[1].count { $0 == "\n" } }
    }
    #expect(lines == [10, 10, 5])
  }

  // MARK: Parts

  @Test func waitsGrowWithJitterAndKeepToTheServersWord() throws {
    var schedule = RetrySchedule()
    func fail(random: Double, retryAfter: Duration? = nil, at seconds: Int64 = 0) -> Duration {
      let now = seconds * 1_000_000_000
      guard case .admitted(let permit) = schedule.begin(at: now) else { return .zero }
      return schedule.failed(permit, at: now, random: random, retryAfter: retryAfter)
    }
    #expect(fail(random: 0) == .milliseconds(100))
    #expect(fail(random: 1) == .milliseconds(400))
    #expect(fail(random: 1) == .seconds(30) && schedule.breaker.state != .closed)
    #expect(schedule.begin(at: 10_000_000_000) == .refused(retryAfter: .seconds(20)))
    // One attempt decides.
    #expect(fail(random: 1, retryAfter: .seconds(60), at: 30) == .seconds(60))
    guard case .admitted(let permit) = schedule.begin(at: 90_000_000_000) else {
      throw FetchError(.other, "no trial")
    }
    schedule.succeeded(permit, at: 90_000_000_000)
    #expect(schedule.breaker.state == .closed && fail(random: 1, at: 90) == .milliseconds(200))
    #expect(fail(random: 1, retryAfter: .seconds(1_000_000), at: 90) == RetrySchedule.longestRetryAfter)
  }

  @Test func readsAnswers() {
    func read(_ text: String) -> IngestAnswer { IngestAnswer(Array(text.utf8)) }
    let rejected = read(
      #" {"stored": 1, "rejected": [{"index": 2, "field": "type", "error": "x\n\u00e9"}, {}]} "#
    ).rejected
    #expect(rejected.map(\.index) == [2])
    #expect(rejected.first?.field == "type")
    #expect(rejected.first?.reason == "x\né")
    #expect(read(#"{"error": {"code": "busy", "message": "Later"}}"#).error == "Later")
    for wrong in ["", "nonsense", #"{"rejected": [{"index": 2}"#, #"{"rejected": 2}"#, "[]"] {
      #expect(read(wrong).rejected.isEmpty && read(wrong).error == nil, "\(wrong)")
    }
  }
}

import Foundation
import JSONScan
import Signalbox
import SignalboxLog
import Testing
import Wire

@testable import SignalboxServer

/// The cleaner in a real log: what is read back is what was stored.
@Suite struct ContentCleanerTests {
  private final class Log {
    let log: EventLog
    let ledger: RedactionLedger
    private let path =
      FileManager.default.temporaryDirectory.path + "/signalbox-redaction-\(UUID().uuidString)"
    private let decoder = EventDecoder()

    init(_ policy: ContentPolicy, spanLimit: Int = ContentCleaner.spanLimit) throws {
      var options = LogOptions(directory: path)
      options.reserveBytes = 0
      let ledger = RedactionLedger(policy.set)
      self.ledger = ledger
      options.cleaner = { ContentCleaner(policy, ledger: ledger, spanLimit: spanLimit) }
      log = try EventLog.open(options)
    }

    deinit {
      log.close()
      try? FileManager.default.removeItem(atPath: path)
    }

    /// Stores a line, and waits for it.
    @discardableResult
    func store(_ lines: String...) async throws -> SubmitResult {
      let text = Array(lines.joined(separator: "\n").utf8) + [UInt8](repeating: 0, count: JSONParser.padding)
      let batch = try text.withUnsafeBytes { bytes in
        try decoder.decode(
          padded: UnsafeRawBufferPointer(rebasing: bytes.dropLast(JSONParser.padding)), received: .now(),
          lines: true
        ).batch
      }
      return await withCheckedContinuation { done in
        let admission = log.submit(batch) { done.resume(returning: $0) }
        precondition(admission == .accepted)
      }
    }

    func events() throws -> [JSONValue] {
      let page = try log.makeReader().events(after: 0, filter: EventFilter(), limit: 1000)
      return try page.batch.slots.map { try JSONValue(parsing: page.batch.event($0)) }
    }

    /// The text of the deltas of a channel, by their index, each once.
    func text(_ span: String, channel: String = "text") throws -> String {
      let deltas = try events().filter { $0["span"]?.string == span && $0["phase"]?.string == "delta" }
      #expect(deltas.compactMap { $0["index"]?.int }.sorted() == Array(0..<Int64(deltas.count)), "gapless")
      return deltas.sorted { $0["index"]?.int ?? 0 < $1["index"]?.int ?? 0 }
        .filter { $0["data"]?["channel"]?.string ?? "text" == channel }
        .compactMap { $0["data"]?["text"]?.string }.joined()
    }
  }

  private func delta(_ text: String, _ index: Int, span: String = "a", channel: String = "text") -> String {
    #"{"type":"llm.delta","phase":"delta","span":"\#(span)","index":\#(index),"data":{"channel":"\#(channel)","text":\#(JSONValue.string(text))}}"#
  }

  private func text(_ bytes: SharedBytes) -> String { String(decoding: bytes.raw, as: UTF8.self) }

  private func end(_ span: String = "a") -> String {
    #"{"type":"llm.end","phase":"end","span":"\#(span)","data":{}}"#
  }

  /// A delta without an index behind the end, and another end: there is no place for what would be held back.
  @Test func whatComesBehindTheEndIsNotShownAndNotHeld() async throws {
    let log = try Log(ContentPolicy(.redacted))
    let unnumbered = #"{"type":"llm.delta","phase":"delta","span":"a","data":{"text":"write to jane.d"}}"#
    try await log.store(delta("all of it ", 0), end())
    try await log.store(unnumbered, end(), end())
    let events = try log.events()
    #expect(events.map { $0["phase"]?.string } == ["delta", "end", "delta", "end", "end"])
    #expect(events[2]["data"]?["text"]?.string == "__REDACTED__")
  }

  @Test func anEventIsRedacted() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(
      #"{"id":"e1","type":"note","source":{"service":"a@b.io"},"tags":{"user":"c@d.io"},"data":{"m":["x e@f.io"],"n":4111111111111111},"extra":"10.0.0.1"}"#
    )
    let event = try #require(try log.events().first)
    #expect(event["id"]?.string == "e1")
    #expect(event["tags"]?["user"]?.string == "__REDACTED__")
    #expect(event["source"]?["service"]?.string == "__REDACTED__")
    #expect(
      event["data"] == ["m": ["x __REDACTED__"], "n": "__REDACTED__", "redacted": ["email": 1, "card": 1]])
    #expect(event["extra"]?.string == "__REDACTED__")
    var metrics = PrometheusWriter()
    log.ledger.write(to: &metrics)
    let said = text(metrics.finish())
    #expect(said.contains("signalbox_redacted_total{detector=\"email\"} 3\n"))
    #expect(said.contains("signalbox_redacted_total{detector=\"ip\"} 1\n"))
    #expect(said.contains("signalbox_redacted_total{detector=\"jwt\"} 0\n"))
  }

  @Test func aStreamIsRedactedHoweverItIsCut() async throws {
    let text = "Write to jane.doe@example.com or call +49 30 1234567, dear"
    let bytes = Array(text.utf8)
    let log = try Log(ContentPolicy(.redacted))
    for cut in 1..<bytes.count {
      let span = "s\(cut)"
      let parts = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
      try await log.store(delta(parts[0], 0, span: span), delta(parts[1], 1, span: span), end(span))
      #expect(try log.text(span) == "Write to __REDACTED__ or call __REDACTED__, dear", "cut at \(cut)")
    }
  }

  @Test func channelsAreTextsOfTheirOwn() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("jane@exam", 0), delta("bob@x", 1, channel: "reasoning"))
    try await log.store(delta("ple.org", 2), delta(".io ok", 3, channel: "reasoning"), end())
    #expect(try log.text("a") == "__REDACTED__")
    #expect(try log.text("a", channel: "reasoning") == "__REDACTED__ ok")
    let counted = try log.events().compactMap { $0["data"]?["redacted"]?["email"]?.int }
    #expect(counted.reduce(0, +) == 2)
  }

  @Test func anErrorEndsAStreamToo() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("the wor", 0))
    try await log.store(
      #"{"type":"llm.error","phase":"error","span":"a","data":{"reason":"failed","message":"no key sk-abcdefghij0123456789"}}"#
    )
    #expect(try log.text("a") == "the wor")
    let last = try #require(try log.events().last)
    #expect(last["data"]?["message"]?.string == "no key __REDACTED__")
    // What comes after the end follows nothing: it may be the rest of what was found.
    try await log.store(delta("late jane@exam", 7), delta("ple.org wor", 8))
    #expect(
      try log.events().suffix(2).compactMap { $0["data"]?["text"]?.string } == [
        "__REDACTED__", "__REDACTED__",
      ])
  }

  @Test func piecesOutOfOrderShowNothing() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("ple.org ", 1))
    try await log.store(delta("jane@exam", 0))
    try await log.store(delta("fine", 2), end())
    #expect(try log.text("a") == "__REDACTED____REDACTED__ fine")
  }

  @Test func aSecretAcrossAGapIsNotShown() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("use sk-abcdefghij", 0), delta("456789XYZ done ", 2), end())
    let shown = try log.events().compactMap { $0["data"]?["text"]?.string }.joined()
    #expect(shown == "use __REDACTED__ done ")
  }

  @Test func aRestartThatDiscardsNothingGoesOnInASecret() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("use sk-abcdefghij0123456789XYZ", 0))
    try await log.store(
      #"{"type":"llm.restart","phase":"restart","span":"a","data":{"attempt":1,"discard_from":1}}"#)
    try await log.store(delta("TAILTAIL ok", 1), end())
    #expect(try log.text("a") == "use __REDACTED__ ok")
  }

  @Test func oneStreamTooManyShowsNothing() async throws {
    let log = try Log(ContentPolicy(.redacted))
    for number in 0...SpanRedactor.limit {
      try await log.store(delta("text ", number, channel: "c\(number)"))
    }
    let texts = try log.events().compactMap { $0["data"]?["text"]?.string }
    #expect(texts.dropLast().allSatisfy { $0 == "text " })
    #expect(texts.last == "__REDACTED__")
  }

  @Test func whatIsSentAgainDoesNotCountTwice() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("jane@exam", 0))
    let again = try await log.store(delta("jane@exam", 0))
    #expect(again.duplicates == 1)
    try await log.store(delta("ple.org x", 1), end())
    #expect(try log.text("a") == "__REDACTED__ x")
  }

  @Test func aRestartMakesVoidWhatIsHeld() async throws {
    let log = try Log(ContentPolicy(.redacted))
    try await log.store(delta("Good mor", 0))
    try await log.store(
      #"{"type":"llm.restart","phase":"restart","span":"a","data":{"attempt":1,"discard_from":0}}"#,
      delta("Good mor", 1), delta("ning", 2), end())
    let kept = try log.events().filter { $0["index"]?.int ?? 0 >= 1 }
    #expect(kept.compactMap { $0["data"]?["text"]?.string }.joined() == "Good morning")
  }

  @Test func modesGoByRules() async throws {
    let log = try Log(
      try ContentPolicy(
        parsing: #"""
          {"content": "full", "fields": ["password"],
           "rules": [{"type": "health.*", "content": "metadata"}, {"identity": "a.b.*", "content": "redacted"},
                     {"service": "web", "content": "redacted"}]}
          """#))
    try await log.store(
      #"{"type":"health.note","tags":{"a":"b"},"data":{"status":200,"text":"ill"},"x":1}"#,
      #"{"type":"note","identity":"a.b.c","data":{"text":"a@b.io","password":[1]}}"#,
      #"{"type":"note","source":{"service":"web"},"data":{"text":"a@b.io"}}"#,
      #"{"type":"note","data":{"text":"a@b.io","password":"p"}}"#)
    let events = try log.events()
    #expect(events[0]["data"] == ["status": 200, "text": ""])
    #expect(events[0]["tags"] == nil && events[0]["x"] == nil)
    #expect(events[1]["data"]?["text"]?.string == "__REDACTED__")
    #expect(events[1]["data"]?["password"]?.string == "__REDACTED__")
    #expect(events[2]["data"]?["text"]?.string == "__REDACTED__")
    #expect(events[3]["data"] == ["text": "a@b.io", "password": "p"])
  }

  @Test func spansBeyondTheLimitGiveWay() async throws {
    let log = try Log(ContentPolicy(.redacted), spanLimit: 2)
    for number in 0..<4 { try await log.store(delta("a wor", 0, span: "s\(number)")) }
    for number in 0..<4 { try await log.store(end("s\(number)")) }
    #expect(try log.text("s0") == "a ")
    #expect(try log.text("s3") == "a wor")
    var metrics = PrometheusWriter()
    log.ledger.write(to: &metrics)
    let said = text(metrics.finish())
    #expect(said.contains("signalbox_redaction_evicted_total 2\n"))
  }
}

@Suite struct StreamTableTests {
  private func span(_ text: String) -> HeldSpan {
    HeldSpan(type: Array(text.utf8))
  }

  @Test func aFailedCommitIsTakenBack() {
    var table = StreamTable(limit: 2)
    table.begin()
    _ = table.set([1], span("one"))
    table.begin()
    _ = table.set([1], span("changed"))
    _ = table.set([2], span("two"))
    let gaveWay = table.set([3], span("three"))
    #expect(gaveWay)
    #expect(table[[1]] == nil)
    table.rollBack()
    #expect(table[[1]]?.type == Array("one".utf8))
    #expect(table[[2]] == nil && table[[3]] == nil)
  }
}

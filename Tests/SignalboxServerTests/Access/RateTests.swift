import SignalboxServer
import Testing
import Wire

@Suite struct RateTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func aBucketFillsWithTime() {
    var buckets = TokenBuckets<String>(Rate(perSecond: 2, burst: 3))
    for _ in 0..<3 { #expect(buckets.take("a", at: 0) == nil) }
    #expect(buckets.take("a", at: 0) == Self.second / 2)
    #expect(buckets.take("b", at: 0) == nil, "each has a bucket of its own")
    #expect(buckets.take("a", at: Self.second / 4) == Self.second / 4)
    #expect(buckets.take("a", at: Self.second / 2) == nil)
    // After a long rest there is the burst and no more.
    for _ in 0..<3 { #expect(buckets.take("a", at: 100 * Self.second) == nil) }
    #expect(buckets.take("a", at: 100 * Self.second) != nil)
    #expect(buckets.take("a", at: 0) != nil, "a clock that is read late gives nothing away")
  }

  @Test func theTableIsBounded() {
    var buckets = TokenBuckets<Int>(Rate(perSecond: 1, burst: 2), capacity: 3)
    for holder in 0..<3 { #expect(buckets.take(holder, at: 0) == nil) }
    // No room for strangers: they share one bucket.
    #expect(buckets.take(3, at: 0) == nil)
    #expect(buckets.take(4, at: 0) == nil)
    #expect(buckets.take(5, at: 0) != nil)
    #expect(buckets.count == 3)
    // Who was known keeps a bucket.
    #expect(buckets.take(0, at: 0) == nil)
    #expect(buckets.take(0, at: 0) != nil)
    // Those that are full again make room.
    #expect(buckets.take(6, at: 5 * Self.second) == nil)
    #expect(buckets.count == 1)
  }

  @Test func ratesAreRead() {
    #expect(Rate.parse("50") == Rate(perSecond: 50, burst: 100))
    #expect(Rate.parse("0.5:10") == Rate(perSecond: 0.5, burst: 10))
    #expect(Rate.parse("0") == .some(nil))
    for text in ["", "-1", "a", "5:", "5:0", "5:x", "1:2:3", "0:5", "inf", "nan"] {
      #expect(Rate.parse(text) == nil, "\(text)")
    }
  }
}

@Suite struct RefusalTests {
  private func line(_ path: String, suppressed: Int = 0) -> String {
    Refusal(
      APIError(403, "not_yours", "no", field: "session"), time: Timestamp(nanoseconds: 0),
      address: "127.0.0.1",
      method: "GET", path: path, key: "k1", subject: "an\"n"
    ).line(suppressed: suppressed)
  }

  @Test func aLineIsJSONWithoutSecrets() throws {
    #expect(
      line("/v1/live", suppressed: 3)
        == #"{"audit":"refused","time":"1970-01-01T00:00:00.000000Z","reason":"not_yours","status":403,"address":"127.0.0.1","method":"GET","path":"/v1/live","key":"k1","subject":"an\"n","field":"session","suppressed":3}"#
    )
    for secret in [
      "/g/topsecret/s1/openai/v1/chat", "/sbk_topsecret", "/v1/eyJtopsecret.x.y/z", "/x/sk-topsecret123",
    ] {
      #expect(!line(secret).contains("topsecret"), "\(secret)")
    }
    #expect(line("/g/-/s1/openai").contains("/g/-/s1/openai"))
    #expect(line("/" + String(repeating: "a", count: 5000)).utf8.count < 500)
    #expect(!line("/a\n\u{1B}[31m").utf8.contains(0x1B))
  }

  @Test func linesAreFewAndNoneIsLostSilently() async {
    let lines = LineSink()
    let audit = AuditLog(rate: Rate(perSecond: 1, burst: 2)) { lines.add($0) }
    let refusal = Refusal(
      APIError(401, "key_missing", "no"), time: .now(), address: "::1", method: "GET", path: "/")
    for _ in 0..<10 { audit.note(refusal, at: 0) }
    audit.note(refusal, at: 5_000_000_000)
    audit.stop()
    audit.note(refusal, at: 9_000_000_000)
    #expect(lines.all.count == 3)
    #expect(lines.all.last?.contains("\"suppressed\":8") == true || lines.suppressed == 8)
  }
}

private final class LineSink: @unchecked Sendable {
  // Written by the audit's thread alone, and read after `stop` has waited for it.
  private(set) var all: [String] = []
  func add(_ line: String) { all.append(line) }
  var suppressed: Int {
    all.reduce(0) { sum, line in
      guard let range = line.firstRange(of: "\"suppressed\":") else { return sum }
      return sum + (Int(line[range.upperBound...].prefix { $0.isNumber }) ?? 0)
    }
  }
}

@Suite struct CancelBoardTests {
  private func batch(_ events: [(trace: String?, producer: String?)]) -> EventBatch {
    var builder = EventBatchBuilder(capacity: 1024, events: 8)
    for event in events {
      builder.begin()
      builder.mintedID((1, 2))
      builder.string(.type, "a")
      builder.time(.now())
      builder.received(.now())
      if let trace = event.trace { builder.string(.trace, trace) }
      if let producer = event.producer { builder.string(.producer, producer) }
      builder.end()
    }
    return builder.finish()
  }

  @Test func whoFeedsATraceIsTold() {
    let board = CancelBoard(capacity: 2, lifetime: 100)
    #expect(board.traces(for: batch([("t1", nil)]), at: 0) == [])
    board.mark("t1", producers: ["p1"], at: 0)
    #expect(board.traces(for: batch([("t1", nil)]), at: 1) == ["t1"])
    #expect(board.traces(for: batch([(nil, "p0"), (nil, "p1")]), at: 1) == ["t1"])
    #expect(board.traces(for: batch([("t2", "p2")]), at: 1) == [])
    #expect(board.traces(forProducer: "p1", at: 1) == ["t1"])
    #expect(board.traces(forProducer: "p2", at: 1) == [])
    board.mark("t2", producers: [], at: 10)
    board.mark("t1", producers: ["p3"], at: 20)
    #expect(board.traces(forProducer: "p1", at: 21) == ["t1"], "a second time forgets nobody")
    board.mark("t3", producers: [], at: 30)
    #expect(board.traces(for: batch([("t2", nil), ("t3", nil)]), at: 31) == ["t3"], "the oldest gave way")
    #expect(board.metrics.asked == 4 && board.metrics.dropped == 1)
    #expect(board.traces(forProducer: "p3", at: 120) == [], "its time is over")
  }
}

import Synchronization
import Testing
import Wire

@testable import SignalboxLog

/// A clock that stands until a test moves it.
final class TestClock: Sendable {
  private let nanoseconds = Atomic<Int64>(1_795_236_275_000_000_000)
  var now: Int64 { nanoseconds.load(ordering: .relaxed) }
  func advance(seconds: Int64) { nanoseconds.add(seconds * 1_000_000_000, ordering: .relaxed) }
}

@Suite struct RetentionTests {
  private func fill(_ log: EventLog, _ clock: TestClock, spans: Range<Int>) async {
    for span in spans {
      await log.store(
        stream(span, trace: span, deltas: 30).map { event in
          var event = event
          event.received = clock.now
          return event
        })
    }
  }

  @Test func whatIsOldIsTrimmedAndSaidSo() async throws {
    let folder = TemporaryFolder()
    let clock = TestClock()
    var options = folder.options
    options.segmentEvents = 64
    options.retainDays = 1
    options.now = { Timestamp(nanoseconds: clock.now) }
    var log = try EventLog.open(options)
    await fill(log, clock, spans: 0..<20)
    let old = log.position(of: 5)
    log.runUpkeep()
    #expect(log.firstRetained == 1 && log.metrics.sealedSegments > 0)
    clock.advance(seconds: 100_000)
    await fill(log, clock, spans: 20..<22)
    log.runUpkeep()
    #expect(log.firstRetained > 500)
    for _ in 0..<2 {
      #expect(
        log.validate(old) == .trimmed && log.validate(Position(epoch: old.epoch, offset: 0)) == .trimmed)
      let reader = try log.makeReader()
      let page = try reader.events(after: 0, limit: 10)
      #expect(page.gaps == [.init(offsets: 1..<log.firstRetained, reason: .trimmed)])
      #expect(page.offsets.first == log.firstRetained)
      #expect(try reader.span(spanID(0)) == nil && reader.span(spanID(21)) != nil)
      #expect(try reader.firstOffset(ofTrace: traceID(0)) == nil)
      log.close()
      log = try EventLog.open(options)
    }
    // Everything goes once it is old, down to the last commit, and offsets go on.
    clock.advance(seconds: 100_000)
    let tip = log.tip
    log.runUpkeep()
    #expect(log.firstRetained == tip && log.tip == tip)
    log.close()
    log = try EventLog.open(options)
    #expect(log.firstRetained == tip && log.tip == tip)
    #expect(await log.store([TestEvent(received: clock.now)])?.position.offset == tip)
    #expect(try log.readAll(after: tip - 1).count == 1)
    log.close()
  }

  @Test func whatIsTooMuchIsTrimmed() async throws {
    let folder = TemporaryFolder()
    let clock = TestClock()
    var options = folder.options
    options.segmentEvents = 64
    options.retainBytes = 250_000
    let log = try EventLog.open(options)
    await fill(log, clock, spans: 0..<250)
    log.runUpkeep()
    let database = try Database(path: folder.path + "/signalbox.db", readOnly: true)
    let used =
      try #require(try database.integer("PRAGMA page_count"))
      - #require(try database.integer("PRAGMA freelist_count"))
    #expect(log.firstRetained > 1 && used * 4096 <= 250_000)
    #expect(try log.readAll(after: log.firstRetained - 1).count == Int(log.tip - log.firstRetained))
    #expect(try database.integer("SELECT count(*) FROM member WHERE segment < \(log.firstRetained)") == 0)
    log.close()
  }

  @Test(.timeLimit(.minutes(5))) func aFullDiskRefusesInPlainWordsAndRecoversByItself() async throws {
    let folder = TemporaryFolder()
    let clock = TestClock()
    let (notices, continuation) = AsyncStream.makeStream(of: LogNotice.self)
    var options = folder.options
    options.segmentEvents = 64
    options.retainDays = 1
    options.maxPages = 200
    options.now = { Timestamp(nanoseconds: clock.now) }
    options.notice = { continuation.yield($0) }
    let log = try EventLog.open(options)
    var stored = 0
    var failure: SubmitResult.Failure?
    for _ in 0..<10_000 {
      var event = TestEvent(received: clock.now)
      // Nothing that compresses.
      event.data = "\"\((0..<300).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined())\""
      guard let result = await log.store([event]) else { break }
      failure = failure ?? result.failure
      stored += result.stored
    }
    #expect(stored > 20)
    let message = try #require(log.unavailable)
    #expect(message.contains("full") && (failure == nil || failure?.message == message))
    guard case .unavailable(let retryAfter, _) = log.submit(makeBatch([TestEvent()]), completion: { _ in })
    else {
      Issue.record("a full disk took a batch")
      return
    }
    #expect(retryAfter > 0 && log.metrics.isDiskFull)
    #expect(try log.readAll().count == stored)
    // Trimming makes room.
    clock.advance(seconds: 100_000)
    for await notice in notices where notice.kind == .recovered { break }
    #expect(log.unavailable == nil && !log.metrics.isDiskFull)
    let result = await log.store([TestEvent(received: clock.now)])
    #expect(result?.stored == 1 && result?.position.offset == UInt64(stored + 1))
    log.close()
  }
}

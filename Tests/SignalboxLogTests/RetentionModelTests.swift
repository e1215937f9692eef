import Testing
import Wire

@testable import SignalboxLog

/// Retention at random moments against a plain array: only the oldest goes, only what is to go does, and what is left is
/// read as it was stored.
@Suite struct RetentionModelTests {
  @Test(arguments: [1, 2]) func whatIsYoungStays(way: UInt64) async throws {
    let seed = ModelTests.number("SIGNALBOX_MODEL_SEED", 0) * 2 + way
    var random = TestRandom(seed: seed)
    let folder = TemporaryFolder()
    let clock = TestClock()
    var options = folder.options
    options.segmentEvents = 64
    options.retainDays = way == 1 ? 1 : nil
    options.retainBytes = way == 2 ? 300_000 : nil
    options.now = { Timestamp(nanoseconds: clock.now) }
    var log = try EventLog.open(options)
    var received: [Int64] = []
    var types: [String] = []
    var first: UInt64 = 1
    for step in 0..<Int(ModelTests.number("SIGNALBOX_MODEL_STEPS", 160)) {
      switch random.below(10) {
      case 0:
        log.close()
        log = try EventLog.open(options)
      case 1: log.runUpkeep()
      case 2: clock.advance(seconds: Int64(random.below(40_000)))
      default:
        let events = (0...random.below(40)).map { _ in
          var event = TestEvent(type: random.pick(["llm.note", "tool.call", "log"]), received: clock.now)
          event.trace = traceID(step % 7)
          event.data = "\"\((0..<12).map { _ in String(random.next(), radix: 36) }.joined())\""
          return event
        }
        received += events.map(\.received)
        types += events.map(\.type)
        #expect(await log.store(events)?.stored == events.count)
      }
      #expect(log.tip == UInt64(types.count + 1) && log.firstRetained >= first, "seed \(seed)")
      first = log.firstRetained
    }
    log.runUpkeep()
    first = log.firstRetained
    #expect(first > 1, "nothing was trimmed: seed \(seed)")
    let gone = received.prefix(Int(first) - 1)
    let limit = clock.now - 86_400_000_000_000
    if way == 1 {
      #expect(gone.allSatisfy { $0 <= limit }, "what is young is gone: seed \(seed)")
    } else {
      #expect(log.tip > first, "all is gone: seed \(seed)")
    }
    let reader = try log.makeReader()
    for type in [nil, "llm.", "tool."] {
      var filter = EventFilter()
      filter.types = type.map { [$0] } ?? []
      var read: [UInt64] = []
      var after: UInt64 = 0
      while after + 1 < log.tip {
        let page = try reader.events(after: after, filter: filter, limit: 50)
        #expect(page.gaps.isEmpty || page.gaps == [.init(offsets: 1..<first, reason: .trimmed)])
        read += page.offsets
        after = page.scannedTo
      }
      let expected = types.indices.map { UInt64($0 + 1) }.filter { offset in
        offset >= first && type.map { types[Int(offset) - 1].hasPrefix($0) } ?? true
      }
      #expect(read == expected, "seed \(seed)")
    }
    log.close()
  }
}

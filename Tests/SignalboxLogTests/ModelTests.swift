import Foundation
import Testing
import Wire

@testable import SignalboxLog

/// Random work on the log and on a plain model gives the same answers, whatever was merged, reopened or killed between.
@Suite struct ModelTests {
  /// Four ways through the options, each with seeds of its own: SIGNALBOX_MODEL_SEED=7 is another set of them, and
  /// SIGNALBOX_MODEL_STEPS=5000 a longer way.
  @Test(arguments: 1...4) func theLogAgreesWithItsModel(way: UInt64) async throws {
    let seed = Self.number("SIGNALBOX_MODEL_SEED", 0) * 4 + way
    var folder = TemporaryFolder()
    var options = folder.options
    options.segmentEvents = 64
    options.spansInMemory = way == 2 ? 3 : 1000
    options.blockBytes = way == 4 ? 700 : 32 << 10
    options.tailBytes = way == 3 ? 20_000 : 16 << 20
    var random = TestRandom(seed: seed)
    var model = LogModel()
    var log = try EventLog.open(options)
    let shown = Guarded<[UInt64]>([])
    let show: @Sendable (CommittedBatch) -> Void = { commit in
      shown.with { $0 += commit.slots.indices.map { commit.position($0).offset } }
    }
    log.onCommit(show)
    for _ in 0..<Self.number("SIGNALBOX_MODEL_STEPS", 160) {
      switch random.below(13) {
      case 0:
        log.close()
        log = try EventLog.open(options)
        log.onCommit(show)
      case 12:
        let left = try Self.killed(log, folder)
        log.close()
        folder = left
        options.directory = left.path
        log = try EventLog.open(options)
        log.onCommit(show)
      case 1: log.runUpkeep()
      case 2, 3: try Self.compare(log, model, &random)
      default:
        let batch = (0...random.below(30)).map { _ in Self.event(&random) }
        let expected = model.store(batch)
        let result = await log.store(batch)
        #expect(result?.stored == expected.stored && result?.duplicates == expected.duplicates)
        #expect(result?.late == expected.late)
      }
    }
    log.runUpkeep()
    try Self.compare(log, model, &random)
    #expect(log.metrics.unsealedEvents < log.tip / 2)
    log.close()
    // Who watches the tail saw every event, once and in order.
    #expect(shown.with { $0 } == model.events.map(\.offset), "seed \(seed)")
  }

  /// A number of the environment.
  static func number(_ name: String, _ otherwise: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? otherwise
  }

  /// What a process that is killed now leaves behind: the files as they are, without those of SQLite that a process has
  /// to itself. Nobody writes meanwhile.
  private static func killed(_ log: EventLog, _ folder: TemporaryFolder) throws -> TemporaryFolder {
    let left = TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: left.path, withIntermediateDirectories: true)
    try log.core.turn.with {
      for name in ["signalbox.db", "signalbox.db-wal"] {
        try files.copyItem(atPath: "\(folder.path)/\(name)", toPath: "\(left.path)/\(name)")
      }
    }
    return left
  }

  static func event(_ random: inout TestRandom) -> TestEvent {
    var event = TestEvent(type: random.pick(["llm.delta", "llm.note", "tool.call", "log"]))
    if random.below(8) > 0 { event.span = spanID(random.below(24)) }
    if random.below(4) == 0 { event.trace = traceID(random.below(6)) }
    if random.below(5) == 0 { event.session = "s-\(random.below(4))" }
    if random.below(9) == 0 { event.chain = "c-\(random.below(3))" }
    if random.below(6) == 0 { event.request = "r-\(random.below(20))" }
    switch random.below(10) {
    case 0: event.id = "e-\(random.below(600))"
    case 1: (event.producer, event.seq) = ("p-\(random.below(3))", Int64(random.below(300)))
    case 2: event.phase = random.pick([.start, .usage, .progress])
    case 3 where random.below(3) == 0:
      event.phase = random.pick([.end, .error])
      if random.below(2) == 0 { event.data = "{\"reason\":\"lost\"}" }
    default:
      event.phase = .delta
      event.index = Int64(random.below(80))
      if random.below(6) == 0 { event.count = Int64(1 + random.below(4)) }
    }
    return event
  }

  static func compare(_ log: EventLog, _ model: LogModel, _ random: inout TestRandom) throws {
    let reader = try log.makeReader()
    #expect(log.tip == UInt64(model.events.count + 1))
    var filters = [EventFilter()]
    for _ in 0..<6 {
      var filter = EventFilter()
      switch random.below(7) {
      case 0: filter.trace = traceID(random.below(7))
      case 1: filter.span = spanID(random.below(25))
      case 2: filter.session = "s-\(random.below(5))"
      case 3: filter.chain = "c-\(random.below(4))"
      case 4: filter.request = "r-\(random.below(21))"
      case 5: filter.types = [random.pick(["llm.", "tool", "none", "llm.note"])]
      default:
        filter.trace = traceID(random.below(6))
        filter.types = ["llm"]
      }
      filters.append(filter)
    }
    for filter in filters {
      let expected = model.matching(filter)
      let limit = 10 + random.below(200)
      var read: [LogModel.Stored] = []
      var after: UInt64 = 0
      while after + 1 < log.tip {
        let page = try reader.events(after: after, filter: filter, limit: limit)
        #expect(page.gaps.isEmpty && page.scannedTo > after && page.count <= limit)
        read += page.stored
        after = page.scannedTo
      }
      #expect(read == expected, "\(filter)")
      let last = try reader.lastEvents(filter: filter, limit: limit)
      #expect(last.stored == Array(expected.suffix(limit)), "last \(limit) of \(filter)")
      let earlier = try reader.lastEvents(before: last.scannedTo + 1, filter: filter, limit: limit)
      #expect(earlier.stored == Array(expected.dropLast(last.count).suffix(limit)))
    }
    for (id, expected) in model.spans {
      let row = try #require(try reader.span(id))
      #expect(row.trace == expected.trace && row.session == expected.session && row.chain == expected.chain)
      #expect(row.status == expected.status && row.firstOffset == expected.firstOffset)
      let first = try #require(try reader.firstOffset(ofSpan: id))
      #expect(first == expected.firstOffset)
    }
    for trace in 0..<6 {
      let spans = model.spans.values.filter { $0.trace == traceID(trace) }
      #expect(try reader.spans(trace: traceID(trace)).count == spans.count)
      var filter = EventFilter()
      filter.trace = traceID(trace)
      if let first = model.matching(filter).first?.offset {
        #expect(try #require(try reader.firstOffset(ofTrace: traceID(trace))) <= first)
      }
    }
    let listed = try reader.traces(limit: 100)
    #expect(Set(listed.map(\.trace)) == Set(model.spans.values.compactMap(\.trace)))
    #expect(listed.count == Set(listed.map(\.trace)).count)
  }
}

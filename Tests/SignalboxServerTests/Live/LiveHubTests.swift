import SignalboxLog
import Testing
import Wire

@testable import SignalboxServer

/// A log in memory and a loop of hand-turned time, around a real hub.
private final class Bench {
  var clock: UInt64 = 1_000_000_000
  var timers: [(due: UInt64, body: () -> Void)] = []
  var reads: [() -> Void] = []
  var batches: [CommittedBatch] = []
  /// Offsets before this one are gone.
  var trimmed: UInt64 = 0
  private(set) var hub: LiveHub!

  init(limits: LiveLimits = LiveLimits()) {
    hub = LiveHub(
      last: Position(epoch: 7, offset: 0), limits: limits,
      shell: HubShell(
        now: { [unowned self] in clock },
        after: { [unowned self] in timers.append((clock + $0 * 1_000_000, $1)) },
        read: { [unowned self] request, done in
          reads.append { [unowned self] in done(page(request)) }
          return true
        }))
  }

  var tip: UInt64 { batches.last.map { $0.firstOffset + UInt64($0.slots.count) } ?? 1 }

  /// Commits events of these sessions.
  func commit(_ sessions: [String], padding: Int = 0) {
    var builder = EventBatchBuilder()
    for session in sessions {
      builder.begin()
      builder.string(.type, "t")
      builder.time(Timestamp(nanoseconds: Int64(clock)))
      builder.received(Timestamp(nanoseconds: 1))
      builder.string(.session, session)
      if padding > 0 { builder.string(.data, String(repeating: "x", count: padding)) }
      builder.end()
    }
    let batch = CommittedBatch(epoch: 7, firstOffset: tip, batch: builder.finish())
    batches.append(batch)
    hub.commit(batch)
  }

  private func page(_ request: LivePageRequest) -> LivePage {
    guard request.from >= trimmed else { return LivePage(bytes: nil, next: request.from, failure: .trimmed) }
    let matcher = EventMatcher(request.filter)
    var writer = ByteWriter()
    var events: [(start: Int, time: Int64)] = []
    var next = request.from
    for batch in batches {
      for (place, slot) in batch.slots.enumerated() {
        let offset = batch.firstOffset + UInt64(place)
        guard offset >= next, offset < request.to, events.count < 7 else { continue }
        next = offset + 1
        guard matcher.matches(slot, in: batch.bytes.raw) else { continue }
        events.append((writer.count, slot.time))
        writer.append(
          event: batch.bytes[slot.start..<slot.start + slot.length],
          at: Position(epoch: 7, offset: offset), as: request.format)
      }
    }
    var page = LivePage(bytes: writer.count > 0 ? SharedBytes(taking: writer) : nil, next: next)
    page.count = UInt64(events.count)
    if request.timed { page.events = events }
    return page
  }

  func turn() {
    let jobs = reads
    reads = []
    for job in jobs { job() }
    let due = timers.filter { $0.due <= clock }
    timers.removeAll { $0.due <= clock }
    for timer in due { timer.body() }
  }

  /// Lets everything that is under way come to its end.
  func settle() {
    var turns = 0
    while !reads.isEmpty || !timers.isEmpty, turns < 10_000 {
      turns += 1
      clock += 1_000_000
      turn()
    }
  }

  func view(_ filter: EventFilter = EventFilter(), from: UInt64, replay: Double? = nil) -> (Viewer, Sink) {
    let sink = Sink()
    var request = LiveRequest()
    request.filter = filter
    request.replay = replay
    let viewer = Viewer(request: request, format: .list, transport: sink)
    hub.add(viewer, from: from)
    return (viewer, sink)
  }
}

/// A connection that takes what it is told to take.
private final class Sink: ViewerTransport {
  var taken = ""
  var queue: [SharedBytes] = []
  var blocked = false
  var closed: ViewerClose?

  var queuedBytes: Int { queue.reduce(0) { $0 + $1.count } }
  var takenBytes: Int { taken.utf8.count }

  func send(_ bytes: SharedBytes) {
    if blocked || !queue.isEmpty { queue.append(bytes) } else { take(bytes) }
  }

  func close(_ reason: ViewerClose) { closed = reason }

  func drain() {
    for bytes in queue { take(bytes) }
    queue = []
  }

  private func take(_ bytes: SharedBytes) { taken += String(decoding: bytes.raw, as: UTF8.self) }

  var offsets: [UInt64] {
    taken.matches(of: /\{"position":"000000000007-(\d+)","type"/).compactMap { UInt64($0.output.1) }
  }
}

@Suite struct LiveHubTests {
  @Test func aViewerAtTheTailGetsWhatIsCommitted() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    bench.commit(["a", "b"])
    #expect(sink.offsets == [1, 2])
  }

  @Test func gathersForAsLongAsTheWritingTook() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    bench.commit(["a", "b", "c", "d"])
    #expect(sink.offsets == [1, 2, 3, 4])
    bench.clock += 400_000
    bench.hub.wrote()
    bench.clock += 300_000
    bench.commit(["e"])
    bench.commit(["f"])
    #expect(sink.offsets == [1, 2, 3, 4])
    bench.settle()
    #expect(sink.offsets == [1, 2, 3, 4, 5, 6])
    bench.hub.wrote()
    bench.clock += 2_000_000
    bench.commit(["g"])
    #expect(sink.offsets == [1, 2, 3, 4, 5, 6, 7])
  }

  @Test func whatComesOneByOneWaitsForNothing() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    for offset: UInt64 in 1...3 {
      bench.commit(["a"])
      #expect(sink.offsets == Array(1...offset))
      bench.clock += 400_000
      bench.hub.wrote()
    }
  }

  @Test func filtersPick() {
    let bench = Bench()
    var filter = EventFilter()
    filter.session = "b"
    let (_, sink) = bench.view(filter, from: 1)
    bench.commit(["a", "b"])
    bench.commit(["b", "c"])
    bench.settle()
    #expect(sink.offsets == [2, 3])
  }

  @Test func comesInTheMiddleAndGetsAllFromTheStart() {
    let bench = Bench()
    for _ in 0..<5 { bench.commit(["a", "b", "c"]) }
    let (viewer, sink) = bench.view(from: 1)
    bench.commit(["d"])
    bench.settle()
    #expect(sink.offsets == Array(1..<17))
    #expect(viewer.state == .tail)
  }

  @Test func aSlowViewerLeavesTheTailAndJoinsAgainWithoutAGap() {
    var limits = LiveLimits()
    limits.queuedBytes = 1000
    limits.pageBytes = 500
    let bench = Bench(limits: limits)
    let (viewer, slow) = bench.view(from: 1)
    let (_, fast) = bench.view(from: 1)
    slow.blocked = true
    for _ in 0..<50 {
      bench.commit(["a", "b"], padding: 100)
      bench.settle()
    }
    #expect(viewer.state == .behind)
    #expect(slow.queuedBytes < 2000)
    #expect(fast.offsets == Array(1..<101))
    slow.blocked = false
    slow.drain()
    bench.hub.drained(viewer)
    bench.settle()
    #expect(slow.offsets == Array(1..<101))
    #expect(viewer.state == .tail)
    #expect(bench.hub.metrics.fellBehind == 1)
  }

  @Test func whoStopsReadingIsClosed() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    sink.blocked = true
    bench.commit(["a"])
    for _ in 0..<5 {
      bench.clock += 10_000_000_000
      bench.hub.closeStalled()
    }
    #expect(sink.closed == .stalled)
    #expect(bench.hub.viewerCount == 0)
  }

  /// What waits for it is never less, and yet it reads.
  @Test func whoReadsAsFastAsItIsFilledStays() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    for round in 0..<10 {
      sink.blocked = true
      bench.commit(["a"], padding: round)
      bench.clock += 10_000_000_000
      bench.hub.heartbeat()
      bench.hub.closeStalled()
      sink.blocked = false
      sink.drain()
    }
    #expect(sink.closed == nil && bench.hub.viewerCount == 1)
  }

  @Test func heartbeatsCarryThePosition() {
    let bench = Bench()
    let (_, sink) = bench.view(from: 1)
    bench.commit(["a", "b"])
    bench.hub.heartbeat()
    #expect(sink.taken.hasSuffix(#"{"control":"heartbeat","position":"000000000007-2"}"#))
  }

  @Test func trimmedHistoryIsSaid() {
    var limits = LiveLimits()
    limits.queuedBytes = 100
    let bench = Bench(limits: limits)
    for _ in 0..<3 { bench.commit(["a"]) }
    bench.trimmed = 2
    let (_, sink) = bench.view(from: 1, replay: 1)
    bench.settle()
    #expect(sink.closed == .reset)
    #expect(sink.offsets.isEmpty)
  }

  @Test func aReplayKeepsTheGapsAndEndsAtTheTail() {
    let bench = Bench()
    for _ in 0..<3 {
      bench.commit(["a"])
      bench.clock += 1_000_000_000
    }
    let (viewer, sink) = bench.view(from: 1, replay: 2)
    bench.turn()
    #expect(sink.offsets == [1])
    bench.clock += 499_000_000
    bench.turn()
    #expect(sink.offsets == [1])
    bench.clock += 1_000_000
    bench.turn()
    #expect(sink.offsets == [1, 2])
    bench.settle()
    #expect(sink.offsets == [1, 2, 3])
    #expect(viewer.state == .tail)
  }

  @Test func aPositionAheadOfThisLoopWaitsForIt() {
    let bench = Bench()
    let (viewer, sink) = bench.view(from: 3)
    bench.commit(["a", "b"])
    bench.commit(["c"])
    bench.settle()
    #expect(sink.offsets == [3])
    #expect(viewer.state == .tail)
  }

  /// Whatever happens in whatever order, every viewer gets what matches, once, in order.
  @Test(arguments: 0..<40) func everythingOnceInOrder(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var limits = LiveLimits()
    limits.queuedBytes = 600
    limits.pageBytes = 300
    let bench = Bench(limits: limits)
    var viewers: [(viewer: Viewer, sink: Sink, from: UInt64, session: String?)] = []
    var sessions: [String] = []
    for _ in 0..<400 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0 where viewers.count < 12:
        let session = Bool.random(using: &random) ? "abc".randomElement(using: &random).map(String.init) : nil
        var filter = EventFilter()
        filter.session = session
        let from = UInt64.random(in: 1...bench.tip, using: &random)
        let (viewer, sink) = bench.view(filter, from: from)
        viewers.append((viewer, sink, from, session))
      case 1:
        viewers.randomElement(using: &random)?.sink.blocked.toggle()
      case 2:
        if let entry = viewers.randomElement(using: &random), !entry.sink.blocked, !entry.sink.queue.isEmpty {
          entry.sink.drain()
          bench.hub.drained(entry.viewer)
        }
      case 3...5:
        bench.clock += UInt64.random(in: 0..<2_000_000, using: &random)
        bench.turn()
      default:
        let fresh = (0..<Int.random(in: 1...4, using: &random)).map { _ in
          String("abc".randomElement(using: &random) ?? "a")
        }
        sessions += fresh
        bench.commit(fresh)
      }
    }
    for entry in viewers {
      entry.sink.blocked = false
      entry.sink.drain()
      bench.hub.drained(entry.viewer)
    }
    bench.settle()
    var (sent, range) = (0, 0)
    for entry in viewers {
      sent += entry.sink.offsets.count
      range += Int(bench.tip - entry.from)
      let expected = sessions.indices.filter {
        UInt64($0 + 1) >= entry.from && (entry.session == nil || sessions[$0] == entry.session)
      }
      let whole = entry.sink.offsets == expected.map { UInt64($0 + 1) }
      #expect(whole, "seed \(seed)")
      #expect(entry.viewer.state == .tail)
    }
    // The readers' ledger, held against what the viewers have.
    #expect(bench.hub.metrics.sent == UInt64(sent))
    #expect(bench.hub.metrics.range == UInt64(range))
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

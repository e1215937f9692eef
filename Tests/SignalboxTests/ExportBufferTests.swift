import Testing

@testable import Signalbox

@Suite struct ExportBufferTests {
  private func buffer(
    events: Int = 20, bytes: Int = 1 << 20, batch: Int = 5, policy: OverflowPolicy = .mergeThenDropOldest
  ) -> ExportBuffer {
    var limits = ExportBuffer.Limits()
    limits.events = events
    limits.bytes = bytes
    return ExportBuffer(limits: limits, batching: Batching(events: batch), policy: policy)
  }

  private func event(_ type: EventType = "x", phase: EventPhase? = nil) -> Event {
    Event(type, ["n": 1], phase: phase, time: 7, context: Context())
  }

  private func delta(_ index: Int64, span: UInt64 = 1, channel: String = "text") -> Event {
    var context = Context()
    context.span = SpanID(bits: span)
    return Event(
      "llm.delta", ["channel": .string(channel), "text": .string("\(index),")], phase: .delta, time: 7,
      context: context, index: index)
  }

  /// Takes everything, as sent.
  private func drain(_ buffer: inout ExportBuffer) -> [Event] {
    var all: [Event] = []
    while let batch = buffer.take(producer: "p", now: 9) {
      all += batch.events
      buffer.settle(dropped: 0)
    }
    return all
  }

  private func add(_ event: Event, to buffer: inout ExportBuffer) {
    buffer.append(event, size: event.estimatedSize)
    #expect(buffer.ledger.balances)
  }

  @Test func givesBatchesInOrderWithRisingNumbers() {
    var buffer = buffer()
    for n in 0..<12 { add(event(EventType(repairing: "e\(n)")), to: &buffer) }
    var sequence: Int64 = 0
    var types: [String] = []
    while let batch = buffer.take(producer: "p", now: 9) {
      #expect(batch.firstSequence == sequence && batch.events.count <= 5)
      #expect(buffer.take(producer: "p", now: 9) == nil)
      sequence += Int64(batch.events.count)
      types += batch.events.map(\.type.name)
      buffer.settle(dropped: 0)
      #expect(buffer.ledger.balances)
    }
    #expect(types == (0..<12).map { "e\($0)" })
    #expect(buffer.isIdle && buffer.ledger.sent == 12)
  }

  @Test func mergesDeltasBeforeItDropsAny() {
    var buffer = buffer()
    for n in 0..<100 { add(delta(Int64(n / 2), span: UInt64(n % 2 + 1)), to: &buffer) }
    #expect(buffer.ledger.dropped == 0 && buffer.ledger.buffered == 100 && buffer.count <= 20)
    let all = drain(&buffer)
    #expect(buffer.ledger.sent == 100)
    for span: UInt64 in [1, 2] {
      let mine = all.filter { $0.span == SpanID(bits: span) }
      var next: Int64 = 0
      for event in mine {
        #expect(event.index == next)
        next += event.count
      }
      #expect(mine.map { $0.data!["text"]!.string! }.joined() == (0..<50).map { "\($0)," }.joined())
    }
  }

  @Test func mergesOnlyPiecesOfOneText() {
    #expect(delta(0).merged(with: delta(1))?.count == 2)
    #expect(delta(0).merged(with: delta(2)) == nil)
    #expect(delta(0).merged(with: delta(1, span: 2)) == nil)
    #expect(delta(0).merged(with: delta(1, channel: "reasoning")) == nil)
    #expect(event().merged(with: event()) == nil)
  }

  @Test func neverMergesAcrossAnotherEventOfTheSpan() {
    var buffer = buffer()
    for n in 0..<10 { add(delta(Int64(n)), to: &buffer) }
    var restart = event("llm.restart", phase: .restart)
    restart.context = delta(0).context
    add(restart, to: &buffer)
    for n in 10..<60 { add(delta(Int64(n)), to: &buffer) }
    let all = drain(&buffer)
    let place = all.firstIndex { $0.phase == .restart }!
    #expect(all[..<place].reduce(0) { $0 + $1.count } == 10)
    #expect(all[(place + 1)...].reduce(0) { $0 + $1.count } == 50)
  }

  @Test func dropsTheOldestDeltasAndSaysSo() {
    var buffer = buffer()
    // Each its own span, so that nothing can be merged.
    for n in 0..<60 { add(delta(0, span: UInt64(n + 1)), to: &buffer) }
    let dropped = buffer.ledger.dropped
    #expect(dropped >= 42)
    let all = drain(&buffer)
    #expect(all.last { $0.phase == .delta }?.span == SpanID(bits: 60))
    let gap = all.first { $0.type == .gap }
    #expect(gap?.data?["dropped"] == .int(Int64(dropped)) && gap?.data?["reason"] == "buffer_full")
    #expect(gap?.data?["since"] == "1970-01-01T00:00:00.000000007Z")
    #expect(buffer.ledger.emitted == 61 && buffer.ledger.balances && buffer.isIdle)
  }

  @Test(arguments: [OverflowPolicy.mergeThenDropNewest, .dropNewest])
  func dropsTheNewestDeltas(policy: OverflowPolicy) {
    var buffer = buffer(policy: policy)
    for n in 0..<60 { add(delta(0, span: UInt64(n + 1)), to: &buffer) }
    let deltas = drain(&buffer).filter { $0.phase == .delta }
    #expect(deltas.map(\.span) == (1...18).map { SpanID(bits: $0) })
  }

  @Test func dropNewestMergesNothing() {
    var buffer = buffer(policy: .dropNewest)
    for n in 0..<60 { add(delta(Int64(n)), to: &buffer) }
    #expect(drain(&buffer).filter { $0.phase == .delta }.allSatisfy { $0.count == 1 })
  }

  @Test(arguments: [OverflowPolicy.mergeThenDropOldest, .mergeThenDropNewest, .dropNewest])
  func startsAndEndsAlwaysFindRoom(policy: OverflowPolicy) {
    var buffer = buffer(policy: policy)
    for n in 0..<200 { add(delta(0, span: UInt64(n + 1)), to: &buffer) }
    for _ in 0..<200 { add(event("noise"), to: &buffer) }
    for n in 0..<20 {
      add(event(EventType(repairing: "s\(n)"), phase: n % 2 == 0 ? .start : .end), to: &buffer)
    }
    let lifecycle = drain(&buffer).filter { $0.phase == .start || $0.phase == .end }
    #expect(lifecycle.map(\.type.name) == (0..<20).map { "s\($0)" })
  }

  @Test func countsWhatIsBeingSentAgainstItsBounds() {
    var buffer = buffer()
    for n in 0..<10 { add(event(EventType(repairing: "e\(n)")), to: &buffer) }
    let batch = buffer.take(producer: "p", now: 9)
    #expect(batch?.events.count == 5)
    for _ in 0..<40 { add(event(), to: &buffer) }
    #expect(buffer.ledger.buffered == 18 && buffer.ledger.dropped == 32)
    buffer.settle(dropped: 2)
    #expect(buffer.ledger.sent == 3 && buffer.ledger.dropped == 34 && buffer.ledger.balances)
  }

  @Test func boundsBytes() {
    var buffer = buffer(events: 1000, bytes: 10_000, batch: 100)
    for _ in 0..<1000 { add(event(), to: &buffer) }
    #expect(buffer.ledger.buffered < 40 && buffer.ledger.dropped > 900)
    let large = Event("x", ["text": .string(String(repeating: "x", count: 2 << 20))], context: Context())
    add(large, to: &buffer)
    #expect(buffer.ledger.balances)
  }

  @Test func discardEmptiesIt() {
    var buffer = buffer()
    for n in 0..<100 { add(delta(Int64(n)), to: &buffer) }
    buffer.discard()
    #expect(buffer.isIdle && buffer.ledger.dropped == 100 && buffer.ledger.balances)
  }
}

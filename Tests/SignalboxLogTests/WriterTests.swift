import Dispatch
import Synchronization
import Testing
import Wire

@testable import SignalboxLog

@Suite struct WriterTests {
  private func clocked(_ folder: TemporaryFolder, _ clock: TestClock) -> LogOptions {
    var options = folder.options
    options.now = { Timestamp(nanoseconds: clock.now) }
    // Its clock moves between two steps of a test, and nobody may look at the spans there.
    options.upkeepInterval = .max
    return options
  }

  @Test func orphansAreLostChildrenFirstAndARealEndSupersedes() async throws {
    let folder = TemporaryFolder()
    let clock = TestClock()
    let log = try EventLog.open(clocked(folder, clock))
    func start(_ span: Int, kind: String, parent: Int? = nil, producer: String? = nil) -> TestEvent {
      TestEvent(
        type: "\(kind).start", phase: .start, trace: traceID(0), span: spanID(span),
        parent: parent.map(spanID), producer: producer, seq: producer == nil ? nil : Int64(span))
    }
    log.heartbeat(producer: "p")
    await log.store([
      start(0, kind: "agent", producer: "p"), start(1, kind: "llm", parent: 0, producer: "p"),
      start(2, kind: "agent"), start(3, kind: "llm", parent: 2), start(4, kind: "tool", parent: 2),
    ])
    clock.advance(seconds: 50)
    log.heartbeat(producer: "p")
    log.runUpkeep()
    clock.advance(seconds: 50)
    log.runUpkeep()
    #expect(log.metrics.lost == 0)
    // The producer with a lease falls silent: its child goes before its parent.
    clock.advance(seconds: 30)
    log.runUpkeep()
    var events = try log.readAll()
    try #require(events.count == 7)
    #expect(events[5].json.contains(spanID(1)) && events[6].json.contains(spanID(0)))
    #expect(events[6].json.contains("\"type\":\"agent.error\"") && events[6].json.contains("\"lost\""))
    // Without a lease the limit is its kind's; a child that lives keeps its parent.
    clock.advance(seconds: 30_000)
    await log.store([TestEvent(phase: .progress, span: spanID(4))])
    log.runUpkeep()
    let reader = try log.makeReader()
    #expect(try reader.span(spanID(3))?.status == .lost && reader.span(spanID(2))?.status == .running)
    #expect(try reader.traces().first?.status == .running)
    let late = await log.store([
      TestEvent(phase: .delta, span: spanID(3), index: 0),
      TestEvent(type: "llm.end", phase: .end, span: spanID(3), data: "{}"),
      TestEvent(type: "llm.error", phase: .error, span: spanID(3), data: "{\"reason\":\"failed\"}"),
    ])
    #expect(late?.late == 2)
    let row = try #require(try reader.span(spanID(3)))
    #expect(row.status == .ok && row.reason == nil)
    events = try log.readAll()
    #expect(events.count == 12)
    log.close()
  }

  @Test func aRestartIsNoSilence() async throws {
    let folder = TemporaryFolder()
    let clock = TestClock()
    var log = try EventLog.open(clocked(folder, clock))
    await log.store([TestEvent(type: "llm.start", phase: .start, span: spanID(0))])
    log.close()
    clock.advance(seconds: 100_000)
    log = try EventLog.open(clocked(folder, clock))
    log.runUpkeep()
    #expect(log.metrics.lost == 0)
    clock.advance(seconds: 1000)
    log.runUpkeep()
    #expect(log.metrics.lost == 1)
    log.close()
  }

  /// What waits is taken in the order in which it came, as much as a commit may hold, but at least one batch.
  @Test func aCommitTakesWhatItMayHold() {
    let inbox = Inbox(maxEvents: 100, maxBytes: 1 << 20)
    for count in [3, 4, 9, 1] {
      let batch = makeBatch((0..<count).map { _ in TestEvent() })
      #expect(inbox.put(Submission(batch: batch) { _ in }) == .accepted)
    }
    func taken(events: Int, bytes: Int = 1 << 20) -> [Int] {
      inbox.take(events: events, bytes: bytes).submissions.map(\.batch.count)
    }
    #expect(taken(events: 8) == [3, 4])
    #expect(inbox.depth.events == 10)
    #expect(taken(events: 2) == [9], "more than a commit may hold, but the first")
    inbox.close()
    let last = inbox.take(events: 100, bytes: 1)
    #expect(last.submissions.count == 1 && last.isLast && inbox.depth == (0, 0))
  }

  @Test func theQueueIsBoundedInEventsAndBytes() async throws {
    let folder = TemporaryFolder()
    var options = folder.options
    options.maxPendingEvents = 10
    let log = try EventLog.open(options)
    let entered = DispatchSemaphore(value: 0)
    let gate = DispatchSemaphore(value: 0)
    let isFirst = Mutex(true)
    log.onCommit { _ in
      guard
        isFirst.withLock({ first in
          defer { first = false }
          return first
        })
      else { return }
      entered.signal()
      gate.wait()
    }
    #expect(log.submit(makeBatch([TestEvent()]), completion: { _ in }) == .accepted)
    entered.wait()
    #expect(log.submit(makeBatch((0..<9).map { _ in TestEvent() }), completion: { _ in }) == .accepted)
    #expect(log.metrics.pendingEvents == 9)
    #expect(
      log.submit(makeBatch([TestEvent(), TestEvent()]), completion: { _ in }) == .overloaded(retryAfter: 1))
    #expect(log.submit(makeBatch([TestEvent()]), completion: { _ in }) == .accepted)
    gate.signal()
    log.runUpkeep()
    #expect(await log.store([TestEvent()])?.stored == 1)
    #expect(log.metrics.refused == 1 && log.metrics.stored == 12)
    log.close()
    #expect(log.submit(makeBatch([TestEvent()]), completion: { _ in }) == .closed)
  }

  @Test func observersSeeEveryCommitInOrder() async throws {
    let folder = TemporaryFolder()
    let log = try EventLog.open(folder.options)
    let seen = Mutex<[UInt64]>([])
    log.onCommit { batch in
      seen.withLock { seen in
        for index in 0..<batch.count { seen.append(batch.position(index).offset) }
      }
    }
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for span in 0..<10 { await log.store(stream(task * 100 + span, trace: task, deltas: 3)) }
        }
      }
    }
    #expect(seen.withLock { $0 } == Array(1...400))
    #expect(try log.readAll().count == 400)
    log.close()
  }

  @Test func tracesAreListedLatestFirstAndPaged() async throws {
    let folder = TemporaryFolder()
    let log = try EventLog.open(folder.options)
    for trace in 0..<7 {
      await log.store(
        stream(trace * 2, trace: trace, session: trace < 3 ? "a" : "b", deltas: 2)
          + [
            TestEvent(
              type: "tool.start", phase: .start, trace: traceID(trace), span: spanID(trace * 2 + 1),
              parent: spanID(trace * 2))
          ])
      if trace % 2 == 0 {
        await log.store([
          TestEvent(
            type: "tool.error", phase: .error, span: spanID(trace * 2 + 1),
            data: "{\"reason\":\"failed\",\"message\":\"no\"}")
        ])
      }
    }
    let reader = try log.makeReader()
    let first = try reader.traces(limit: 3)
    #expect(first.map(\.trace) == [6, 5, 4].map(traceID))
    let rest = try reader.traces(before: first[2].firstOffset, limit: 10)
    #expect(rest.map(\.trace) == [3, 2, 1, 0].map(traceID))
    #expect(rest[0].status == .running && rest[0].running == 1 && rest[1].status == .ok)
    #expect(rest[1].errors == 1 && rest[1].spans == 2 && rest[1].tokens == 7 && rest[1].deltas == 2)
    var filter = TraceFilter()
    filter.status = .running
    #expect(try reader.traces(filter).map(\.trace) == [5, 3, 1].map(traceID))
    filter.session = "a"
    #expect(try reader.traces(filter).map(\.trace) == [traceID(1)])
    let spans = try reader.spans(trace: traceID(2))
    #expect(spans.map(\.status) == [.ok, .error] && spans[1].reason == "failed" && spans[1].message == "no")
    #expect(try reader.trace(traceID(4))?.root.name == "call 8")
    #expect(try reader.trace(traceID(40)) == nil)
    log.close()
  }
}

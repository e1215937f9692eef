import Signalbox
import Testing
import Wire

@testable import SignalboxLog

@Suite struct EventLogTests {
  @Test func whatIsStoredIsReadInOrderAtItsPosition() async throws {
    let folder = TemporaryFolder()
    let log = try EventLog.open(folder.options)
    let first = await log.store([TestEvent(type: "a"), TestEvent(type: "b")])
    let second = await log.store([TestEvent(type: "c")])
    #expect(first?.stored == 2 && first?.position == Position(epoch: log.epoch, offset: 2))
    #expect(second?.position.offset == 3 && log.tip == 4)
    let events = try log.readAll(limit: 2)
    #expect(events.map(\.offset) == [1, 2, 3])
    #expect(events[2].json.contains("\"type\":\"c\""))
    log.close()
  }

  @Test func eventsInheritFromTheirSpanAndLateOnesSaySo() async throws {
    let folder = TemporaryFolder()
    let log = try EventLog.open(folder.options)
    let result = await log.store(
      stream(1, session: "s-1", deltas: 2)
        + [TestEvent(type: "log", span: spanID(1)), TestEvent(type: "x", span: spanID(1), session: "other")])
    #expect(result?.late == 2)
    let events = try log.readAll()
    #expect(events.allSatisfy { $0.json.contains("\"trace\":\"\(traceID(0))\"") })
    #expect(events[0..<5].allSatisfy { $0.json.contains("\"session\":\"s-1\"") })
    #expect(events[4].json.contains("\"late\":true") && !events[3].json.contains("late"))
    #expect(events[5].json.contains("\"session\":\"other\""))
    let span = try #require(try log.makeReader().span(spanID(1)))
    #expect(span.status == .ok && span.kind == "llm" && span.name == "call 1" && span.deltas == 2)
    #expect(span.usage == "{\"total\":7}" && span.model == "m" && span.trace == traceID(0))
    log.close()
  }

  @Test(arguments: [true, false]) func duplicatesAreCountedAndNotStored(reopened: Bool) async throws {
    let folder = TemporaryFolder()
    var log = try EventLog.open(folder.options)
    let events =
      stream(1, deltas: 3).map { event in
        var event = event
        if event.phase != .delta { event.id = "e-\(event.type)" }
        return event
      } + [TestEvent(type: "n", producer: "p", seq: 0), TestEvent(type: "n", producer: "p", seq: 2)]
    #expect(await log.store(events)?.stored == 7)
    if reopened {
      log.close()
      log = try EventLog.open(folder.options)
    }
    let again = await log.store(events + [TestEvent(type: "n", producer: "p", seq: 1)])
    #expect(again?.duplicates == 7 && again?.stored == 1)
    // Merged deltas are duplicates only when every index of theirs is stored.
    let merged = await log.store([
      TestEvent(phase: .delta, span: spanID(1), index: 1, count: 2),
      TestEvent(phase: .delta, span: spanID(1), index: 2, count: 2),
    ])
    #expect(merged?.duplicates == 1 && merged?.stored == 1 && merged?.late == 1)
    #expect(try log.readAll().count == 9)
    log.close()
  }

  @Test func positionsOfEarlierOpeningsStayValid() async throws {
    let folder = TemporaryFolder()
    var log = try EventLog.open(folder.options)
    let empty = log.lastPosition
    await log.store([TestEvent(), TestEvent()])
    let last = log.lastPosition
    let oldEpoch = log.epoch
    log.close()
    log = try EventLog.open(folder.options)
    #expect(log.epoch != oldEpoch)
    #expect(log.validate(empty) == .valid(after: 0))
    #expect(log.validate(last) == .valid(after: 2))
    #expect(log.validate(Position(epoch: oldEpoch, offset: 3)) == .ahead)
    #expect(log.validate(Position(epoch: 1, offset: 1)) == .unknownEpoch)
    #expect(log.validate(log.lastPosition) == .valid(after: 2))
    await log.store([TestEvent()])
    #expect(log.position(of: 2).epoch == oldEpoch && log.position(of: 3).epoch == log.epoch)
    log.close()
  }
}

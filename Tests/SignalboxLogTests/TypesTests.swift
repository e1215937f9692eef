import Testing

@testable import SignalboxLog

/// Which types of events there are, merged or not.
@Suite struct TypesTests {
  @Test func typesOfAllEventsAreKnown() async throws {
    let folder = TemporaryFolder()
    var options = folder.options
    options.segmentEvents = 64
    var log = try EventLog.open(options)
    #expect(try log.makeReader().types().isEmpty)
    for number in 0..<100 {
      await log.store([TestEvent(type: "type-\(number % 7)"), TestEvent(type: "often")])
    }
    log.runUpkeep()
    #expect(log.metrics.sealedSegments > 0)
    await log.store([TestEvent(type: "new")])
    let all = Set((0..<7).map { "type-\($0)" } + ["often", "new"])
    #expect(try log.makeReader().types() == all)
    log.close()
    log = try EventLog.open(options)
    #expect(try log.makeReader().types() == all)
    #expect(try log.makeReader().types(limit: 3).count >= 3)
    log.close()
  }
}

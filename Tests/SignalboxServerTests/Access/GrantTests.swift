import SignalboxServer
import Testing
import Wire

/// What a grant lets its bearer name and see, and that it is put on everything.
@Suite struct GrantTests {
  private func filter(_ change: (inout EventFilter) -> Void) -> EventFilter {
    var filter = EventFilter()
    change(&filter)
    return filter
  }

  private func refused(_ grant: Grant, _ filter: EventFilter) -> String? {
    do throws(APIError) {
      _ = try grant.narrow(filter)
      return nil
    } catch {
      #expect(error.status == 403 && error.code == "not_yours")
      return error.field
    }
  }

  @Test func naming() {
    let one = Grant(sessions: ["s1"], content: true)
    #expect(refused(one, filter { $0.session = "s1" }) == nil)
    #expect(refused(one, filter { $0.session = "s2" }) == "session")
    // Within its session it may ask for any chain and trace: what it sees of them lies in the session.
    #expect(refused(one, filter { $0.trace = "t" }) == nil)
    #expect(refused(one, filter { $0.chain = "c" }) == nil)
    let trace = Grant(traces: ["t1"])
    #expect(refused(trace, filter { $0.trace = "t2" }) == "trace")
    #expect(refused(trace, filter { $0.session = "s1" }) == "session")
    #expect(refused(trace, filter { $0.tags = [.init(key: "user", value: "ann")] }) == "tag")
    #expect(refused(one, filter { $0.tags = [.init(key: "user", value: "ann")] }) == nil)
    #expect(refused(Grant(), filter { $0.session = "s1" }) == "session")
    #expect(refused(.everything, filter { $0.session = "s9" }) == nil)
  }

  @Test func narrowing() throws {
    #expect(try Grant.everything.narrow(EventFilter()).isEmpty)
    let one = try Grant(sessions: ["s1"]).narrow(EventFilter())
    #expect(one.session == "s1" && one.bounds?.sessions == ["s1"])
    let two = try Grant(sessions: ["s1", "s2"], traces: ["t"], types: ["llm."]).narrow(EventFilter())
    #expect(two.session == nil && two.trace == nil && two.bounds?.types == ["llm."])
    #expect(!EventMatcher(two).isEmpty, "bounds alone are a condition")
  }

  /// Every event is matched, against every kind of place.
  @Test func matching() throws {
    let events: [(type: String, session: String?, chain: String?, trace: String?)] = [
      ("llm.start", "s1", nil, nil), ("llm.start", "s2", nil, nil), ("llm.start", "s11", nil, nil),
      ("llm.start", nil, nil, nil), ("llm.start", nil, "c1", nil), ("tool.end", nil, nil, "t1"),
      ("tool.end", "s2", "c1", "t2"),
    ]
    let text = events.map { event in
      var members = ["\"type\":\"\(event.type)\""]
      if let value = event.session { members.append("\"session\":\"\(value)\"") }
      if let value = event.chain { members.append("\"chain\":\"\(value)\"") }
      if let value = event.trace { members.append("\"trace\":\"\(value)\"") }
      return "{\(members.joined(separator: ","))}"
    }.joined(separator: "\n")
    let batch = try EventDecoder().decodeText(text)
    func seen(_ grant: Grant, _ asked: EventFilter = EventFilter()) throws -> [Int] {
      let matcher = EventMatcher(try grant.narrow(asked))
      return batch.slots.indices.filter { matcher.matches(batch.slots[$0], in: batch.bytes.raw) }
    }
    #expect(try seen(.everything) == Array(events.indices))
    #expect(try seen(Grant()) == [])
    #expect(try seen(Grant(sessions: ["s1"])) == [0])
    #expect(try seen(Grant(sessions: ["s1", "s2"])) == [0, 1, 6])
    #expect(try seen(Grant(sessions: ["s1"], chains: ["c1"])) == [0, 4, 6])
    #expect(try seen(Grant(chains: ["c1"], traces: ["t1"], types: ["tool."])) == [5, 6])
    #expect(try seen(Grant(types: ["llm."], isEverywhere: true)) == [0, 1, 2, 3, 4])
    // What is asked for is ANDed: never more than the grant.
    #expect(try seen(Grant(sessions: ["s1"]), filter { $0.trace = "t2" }) == [])
    #expect(try seen(Grant(sessions: ["s2"]), filter { $0.types = ["tool"] }) == [6])
    for event in events {
      for grant in [Grant(), Grant(sessions: ["s1"], chains: ["c1"]), Grant(traces: ["t1"]), .everything] {
        let place = events.firstIndex { $0 == event }!
        let sees = grant.sees(session: event.session, chain: event.chain, trace: event.trace)
        #expect(try seen(grant).contains(place) == sees, "both ways of asking agree")
      }
    }
  }
}

/// A view without content.
@Suite struct EventViewTests {
  private func shown(_ json: String) throws -> String {
    let batch = try EventDecoder().decodeText(json)
    var writer = ByteWriter()
    writer.append(
      batch.slots[0], of: batch.bytes.raw, at: Position(epoch: 1, offset: 1), as: .list, view: .metadata)
    return writer.string
  }

  @Test func nothingOfTheContentIsLeft() throws {
    let text = try shown(
      """
      {"type":"llm.error","phase":"error","span":"s","trace":"t","session":"s1","model":"m","index":3,
       "tags":{"user":"SECRET"},"mine":"SECRET","source":{"service":"app"},
       "data":{"reason":"failed","message":"SECRET","code":"SECRET phrase","output":{"usage":"SECRET"},
       "usage":{"input":5,"SECRET key":1,"raw":"SECRET","cost":{"amount":0.5,"currency":"USD"}},"age":42,
       "messages":[{"content":"SECRET"}],"timing":{"duration_ms":7.5},"status":500,"finish_reason":"SECRET word"}}
      """)
    #expect(!text.contains("SECRET") && !text.contains("\"age\""))
    for kept in [
      "\"type\":\"llm.error\"", "\"phase\":\"error\"", "\"session\":\"s1\"", "\"model\":\"m\"", "\"index\":3",
      "\"source\":{\"service\":\"app\"}", "\"reason\":\"failed\"", "\"input\":5", "\"amount\":0.5",
      "\"currency\":\"USD\"",
      "\"duration_ms\":7.5", "\"status\":500",
    ] { #expect(text.contains(kept), "\(kept) in \(text)") }
    // It is an event still.
    #expect(try EventDecoder().decodeText(text).count == 1)
  }

  @Test func dataThatSaysNothingIsAbsent() throws {
    #expect(try !shown("{\"type\":\"a\",\"data\":\"SECRET\"}").contains("data"))
    #expect(try !shown("{\"type\":\"a\",\"data\":{\"text\":\"SECRET\"}}").contains("data"))
    #expect(try shown("{\"type\":\"a\"}").contains("\"type\":\"a\""))
  }
}

extension EventDecoder {
  fileprivate func decodeText(_ text: String) throws -> EventBatch {
    let padded = PaddedBuffer(capacity: text.utf8.count)
    var text = text
    text.withUTF8 { padded.append(UnsafeRawBufferPointer($0)) }
    let decoded = try decode(padded: UnsafeRawBufferPointer(padded.bytes), received: .now())
    #expect(decoded.rejected == 0)
    return decoded.batch
  }
}

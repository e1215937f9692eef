import JSONScan
import Testing
import Wire

@testable import SignalboxServer

/// What the translators make of events, byte for byte.
@Suite struct DialectFramesTests {
  /// The frames of events, as they come in and as they are read from the log again, which must not differ.
  private func frames(
    _ kind: Dialect.Kind, _ options: Dialect.Options = [], _ events: String...
  ) throws -> [String] {
    let text = events.joined(separator: "\n")
    var padded = ByteWriter(capacity: text.utf8.count + JSONParser.padding)
    padded.append(utf8: text)
    let decoded = try EventDecoder().decode(
      padded: padded.raw, received: Timestamp(nanoseconds: 1), lines: true)
    #expect(decoded.rejections == [])
    let batch = decoded.batch
    let fresh = frames(batch.slots, batch.bytes.raw, Dialect(kind, options))
    let stored = batch.slots.compactMap { EventScanner.scan(batch.event($0), start: $0.start) }
    #expect(frames(stored, batch.bytes.raw, Dialect(kind, options)) == fresh)
    return fresh
  }

  private func frames(
    _ slots: [EventSlot], _ bytes: UnsafeRawBufferPointer, _ dialect: Dialect
  ) -> [String] {
    let framer = EventFramer()
    return slots.enumerated().compactMap { place, slot in
      var out = ByteWriter()
      let position = Position(epoch: 7, offset: UInt64(place + 1))
      guard framer.append(slot, in: bytes, at: position, as: .dialect(dialect), to: &out) else {
        #expect(out.count == 0)
        return nil
      }
      guard dialect.kind != .simWorksStream else { return out.string }
      let head = out.raw[1] < 126 ? 2 : out.raw[1] == 126 ? 4 : 10
      return String(decoding: UnsafeRawBufferPointer(rebasing: out.raw[head...]), as: UTF8.self)
    }
  }

  // MARK: Chain

  private static let chain = [
    #"{"type":"chain.start","phase":"start","span":"a","chain":"4-2","data":{"name":"n\"","total":2,"steps":["x"],"input":"secret","metadata":{"user":{"id":1}}}}"#,
    #"{"type":"chain.progress","phase":"progress","span":"a","chain":"4-2","data":{"name":"x","fraction":0.123456,"step_fraction":0.5,"message":"m"}}"#,
    #"{"type":"chain.step","phase":"progress","span":"a","chain":"4-2","data":{"name":"x","fraction":0.5,"result":{"html":"<b>\u2028"}}}"#,
    #"{"type":"chain.step","span":"a","phase":"progress","chain":"4-2","data":{"name":"y","step":1,"steps":3}}"#,
    #"{"type":"chain.end","phase":"end","span":"a","chain":"4-2","data":{"output":[1,null]}}"#,
    #"{"type":"chain.error","phase":"error","span":"a","chain":"4-2","data":{"reason":"lost","message":"gone"}}"#,
    #"{"type":"llm.delta","phase":"delta","index":0,"span":"b","chain":"4-2","data":{"text":"t"}}"#,
  ]

  @Test func aChainHasFourFlatFrames() throws {
    let told = try Self.chain.flatMap { try frames(.chain, [], $0) }
    #expect(
      told == [
        #"{"update_type":"start","status":"started","metadata":{"user":{"id":1},"name":"n\"","steps":["x"],"total_steps":2}}"#,
        "{\"update_type\":\"step\",\"step_name\":\"x\",\"progress_percentage\":50,\"intermediate_result\":{\"html\":\"<b>\\u2028\"}}",
        #"{"update_type":"step","step_name":"y","progress_percentage":66.67,"intermediate_result":null}"#,
        #"{"update_type":"complete","status":"completed","result":[1,null]}"#,
        #"{"update_type":"error","status":"error","error":"gone"}"#,
      ])
  }

  @Test func whoAsksForPositionsIsToldMore() throws {
    let told = try Self.chain.flatMap { try frames(.chain, .positions, $0) }
    #expect(told.count == 6)
    #expect(
      told[1]
        == #"{"update_type":"progress","step_name":"x","progress_percentage":12.35,"step_percentage":50,"intermediate_result":null,"message":"m","position":"000000000007-1"}"#
    )
    #expect(told[5].hasSuffix(#""error":"gone","reason":"lost","position":"000000000007-1"}"#))
  }

  @Test func withoutContentAChainHasItsShapeOnly() throws {
    let told = try Self.chain.flatMap { try frames(.chain, [.positions, .withoutContent], $0) }
    #expect(
      !told.joined().contains("secret") && !told.joined().contains("html") && !told.joined().contains("gone"))
    #expect(told[0].contains(#""metadata":{"name":"","total_steps":2}"#))
    #expect(
      told[2].contains(#""step_name":"__REDACTED__","progress_percentage":50,"intermediate_result":null"#))
    #expect(told[5].contains(#""error":"__REDACTED__""#))
  }

  @Test func whatIsMissingIsNullAndNotAFailure() throws {
    let told = try frames(
      .chain, [], #"{"type":"chain.step","chain":"1"}"#, #"{"type":"chain.step","chain":"1","data":"text"}"#,
      #"{"type":"chain.start","chain":"1"}"#, #"{"type":"chain.error","chain":"1","data":{"message":7}}"#)
    #expect(
      told == [
        #"{"update_type":"step","step_name":"","progress_percentage":null,"intermediate_result":null}"#,
        #"{"update_type":"step","step_name":"","progress_percentage":null,"intermediate_result":null}"#,
        #"{"update_type":"start","status":"started","metadata":{}}"#,
        #"{"update_type":"error","status":"error","error":"The chain failed and did not say why"}"#,
      ])
  }

  // MARK: Session

  private static let time = #""time":"2026-11-26T09:00:00.5+01:00","session":"s1""#

  @Test func toolsAndModelCallsAreTold() throws {
    let told = try frames(
      .session, [],
      #"{"type":"tool.start","phase":"start","span":"t",\#(Self.time),"data":{"name":"f","id":"c1","arguments":{"a":1}}}"#,
      #"{"type":"tool.start","phase":"start","span":"t2",\#(Self.time),"data":{"name":"f","arguments":"{\"a\": 1}"}}"#,
      #"{"type":"tool.start","phase":"start","span":"t3",\#(Self.time),"data":{"name":"f","arguments":"a"}}"#,
      #"{"type":"tool.end","phase":"end","span":"t",\#(Self.time),"data":{"name":"f","id":"c1","result":{"x":[1]},"timing":{"duration_ms":49.6}}}"#,
      #"{"type":"llm.start","phase":"start","span":"m","model":"gpt-4o",\#(Self.time)}"#,
      #"{"type":"llm.end","phase":"end","span":"m","model":"gpt-4o",\#(Self.time),"data":{"usage":{"input":3,"cached_read":4,"output":5},"timing":{"duration_ms":7}}}"#
    )
    let stamp = #""timestamp":"2026-11-26T08:00:00.500000Z"}"#
    #expect(
      told == [
        #"{"type":"tool_call","session_id":"s1","tool_call_id":"c1","tool_name":"f","arguments":{"a":1},"#
          + stamp,
        #"{"type":"tool_call","session_id":"s1","tool_call_id":"t2","tool_name":"f","arguments":{"a": 1},"#
          + stamp,
        #"{"type":"tool_call","session_id":"s1","tool_call_id":"t3","tool_name":"f","arguments":{"value":"a"},"#
          + stamp,
        #"{"type":"tool_result","session_id":"s1","tool_call_id":"c1","tool_name":"f","result":"{\"x\":[1]}","duration_ms":50,"#
          + stamp,
        #"{"type":"openai_call","session_id":"s1","model":"gpt-4o","prompt_tokens":null,"completion_tokens":null,"total_tokens":null,"duration_ms":null,"#
          + stamp,
        #"{"type":"openai_response","session_id":"s1","model":"gpt-4o","prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"duration_ms":7,"#
          + stamp,
      ])
  }

  private static let talk = [
    #"{"type":"chat.message","id":"m1",\#(time),"data":{"content":"hi"}}"#,
    #"{"type":"chat.delta","phase":"delta","index":0,"span":"c","parent":"p",\#(time),"data":{"channel":"text","text":"He"}}"#,
    #"{"type":"llm.delta","phase":"delta","index":0,"span":"m","parent":"c",\#(time),"data":{"text":"not the answer"}}"#,
    #"{"type":"llm.delta","phase":"delta","index":0,"span":"r",\#(time),"data":{"text":"of a gateway"}}"#,
    #"{"type":"llm.delta","phase":"delta","index":1,"span":"r",\#(time),"data":{"text":"thought","channel":"reasoning"}}"#,
    #"{"type":"agent.end","phase":"end","span":"g","parent":"c",\#(time),"data":{"output":"within"}}"#,
    #"{"type":"agent.end","phase":"end","span":"g2",\#(time),"data":{"output":"outermost"}}"#,
    #"{"type":"chat.end","phase":"end","span":"c",\#(time),"data":{"name":"answer","output":"Hello"}}"#,
    #"{"type":"chat.end","phase":"end","span":"c2",\#(time),"data":{"name":"answer"}}"#,
    #"{"type":"chat.error","phase":"error","span":"c3",\#(time),"data":{"reason":"failed","message":"no"}}"#,
  ]

  @Test func theAnswerIsToldOnce() throws {
    let told = try Self.talk.flatMap { try frames(.session, [], $0) }
    #expect(
      told == [
        #"{"type":"assistant","session_id":"s1","content":"outermost","streaming":false}"#,
        #"{"type":"assistant","session_id":"s1","content":"Hello","streaming":false}"#,
        #"{"type":"error","session_id":"s1","error":"no"}"#,
      ])
  }

  @Test func piecesAndPositionsAreForThoseWhoAsk() throws {
    let told = try Self.talk.flatMap { try frames(.session, [.pieces, .positions], $0) }
    #expect(
      told.prefix(3) == [
        #"{"type":"message","session_id":"s1","id":"m1","content":"hi","position":"000000000007-1"}"#,
        #"{"type":"assistant","session_id":"s1","content":"He","streaming":true,"answer_id":"c","position":"000000000007-1"}"#,
        #"{"type":"assistant","session_id":"s1","content":"of a gateway","streaming":true,"answer_id":"r","position":"000000000007-1"}"#,
      ])
    #expect(told.count == 6)
  }

  @Test func withoutContentASessionHasItsShapeOnly() throws {
    let told = try Self.talk.flatMap { try frames(.session, [.pieces, .positions, .withoutContent], $0) }
    #expect(told.allSatisfy { $0.contains("__REDACTED__") } && told.count == 3)
    let tool = try frames(
      .session, .withoutContent,
      #"{"type":"tool.start","phase":"start","span":"t",\#(Self.time),"data":{"name":"f","id":"c1","arguments":{"a":1}}}"#,
      #"{"type":"tool.end","phase":"end","span":"t",\#(Self.time),"data":{"name":"f","id":"c1","result":"secret"}}"#
    )
    #expect(tool[0].contains(#""arguments":{}"#) && tool[1].contains(#""result":"__REDACTED__""#))
  }

  // MARK: SimWorks

  @Test func anEventComesInItsEnvelope() throws {
    let events = [
      #"{"type":"a.b.c",\#(Self.time),"request":"r1","data":{"x":1}}"#,
      #"{"type":"a.b.c",\#(Self.time),"data":"{\"x"}"#,
      #"{"type":"a.b.c",\#(Self.time),"data":[1]}"#, #"{"type":"a.b.c",\#(Self.time)}"#,
    ]
    let told = try events.flatMap { try frames(.simWorks, [], $0) }
    let head =
      #"{"event_id":"000000000007-1","event_type":"a.b.c","created_at":"2026-11-26T08:00:00.500000Z","#
    #expect(
      told == [
        head + #""correlation_id":"r1","payload":{"x":1}}"#,
        head + #""correlation_id":null,"payload":{"value":"{\"x"}}"#,
        head + #""correlation_id":null,"payload":{"value":[1]}}"#,
        head + #""correlation_id":null,"payload":{}}"#,
      ])
    #expect(try frames(.simWorksStream, [], events[0]) == ["id: 000000000007-1\ndata: \(told[0])\n\n"])
    #expect(try frames(.simWorks, .withoutContent, events[0])[0].hasSuffix(#""payload":{}}"#))
  }
}

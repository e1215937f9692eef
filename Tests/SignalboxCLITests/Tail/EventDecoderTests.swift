import Testing
import Wire

@testable import SignalboxCLI

@Suite struct EventDecoderTests {
  func decode(_ json: String) throws -> EventDecoder.Message {
    var json = json
    return try json.withUTF8 { try EventDecoder().decode(UnsafeRawBufferPointer($0)) }
  }

  @Test func anEventIsTakenApart() throws {
    let message = try decode(
      """
      {"position":"5f3a9c01be77-1042","id":"e1","type":"llm.end","phase":"end","time":"2026-11-21T12:30:00Z",\
      "trace":"t","span":"s","parent":"p","session":"x","provider":"openai","model":"gpt-4o","index":3,\
      "tags":{"demo":"true"},"data":{"name":"n","usage":{"input":10,"cached_read":5,"output":2,\
      "provenance":"estimated","confidence":0.5},"timing":{"duration_ms":240.5,"first_delta_ms":210}}}
      """)
    guard case .event(let event) = message else { throw DemoMistake.notAnEvent }
    #expect(event.phase == .end && event.time == TailViewTests.noon && event.span == "s")
    #expect(event.usage == ShownUsage(input: 15, output: 2, estimated: true))
    #expect(event.usage?.figure == "~15→2 tok")
    #expect(event.duration == 240.5 && event.firstDelta == 210 && event.demo && event.index == 3)
  }

  @Test func membersOfAnyKindDoNoHarm() throws {
    for json in [
      #"{"type":7,"time":"yesterday","data":[1],"tags":null}"#, "[]", "3", #"{"data":"text"}"#,
      #"{"type":"a","phase":"nonsense","index":1.5,"data":{"usage":[],"name":{}}}"#,
      #"{"type":"a","phase":"usage","data":{"input":9223372036854775807,"cached_read":9223372036854775807}}"#,
    ] {
      guard case .event = try decode(json) else { throw DemoMistake.notAnEvent }
    }
  }

  @Test func controlFramesAreKnown() throws {
    let message = try decode(#"{"control":"heartbeat","position":"5f3a9c01be77-7"}"#)
    guard case .control("heartbeat", "5f3a9c01be77-7", "") = message else { throw DemoMistake.notAnEvent }
  }
}

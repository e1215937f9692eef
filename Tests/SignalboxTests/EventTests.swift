import Testing

@testable import Signalbox

@Suite struct EventTests {
  let id = EventID("e-1")!
  let time: Int64 = 1_795_253_400_123_456_789

  @Test func theSmallestEvent() {
    let event = Event("cache.hit", id: id, time: time, context: Context())
    #expect(event.json == #"{"id":"e-1","type":"cache.hit","time":"2026-11-21T09:30:00.123456789Z"}"#)
  }

  @Test func everyMemberInCanonicalOrder() {
    var context = Context()
    context.trace = TraceID("4bf92f3577b34da6a3ce929d0e0e4736")
    context.span = SpanID("00f067aa0ba902b7")
    context.parent = SpanID("b7ad6b7169203331")
    context.session = "s1"
    context.chain = "42"
    context.request = "r-9"
    context.source = .init(service: "web", module: "chat", method: "reply")
    context.identity = "clinic.chat.triage"
    context.provider = "openai"
    context.model = "gpt-4o"
    context.tags = ["user": "u1", "a": "\"\n"]
    let event = Event(
      "llm.delta", ["channel": "text", "text": "é\u{1}", "n": [1, -2.5, true, .null]], phase: .delta, id: id,
      time: time, context: context, index: 3, count: 2)
    #expect(
      event.json
        == #"{"id":"e-1","type":"llm.delta","phase":"delta","time":"2026-11-21T09:30:00.123456789Z","#
        + #""trace":"4bf92f3577b34da6a3ce929d0e0e4736","span":"00f067aa0ba902b7","parent":"b7ad6b7169203331","#
        + #""session":"s1","chain":"42","request":"r-9","#
        + #""source":{"service":"web","module":"chat","method":"reply"},"identity":"clinic.chat.triage","#
        + #""provider":"openai","model":"gpt-4o","index":3,"count":2,"tags":{"a":"\"\n","user":"u1"},"#
        + #""data":{"channel":"text","text":"é\u0001","n":[1,-2.5,true,null]}}"#)
  }

  @Test func mintedIDsAreUUIDv7AndRise() throws {
    let ids = (0..<1000).map { _ in EventID.generate().description }
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
    #expect(ids.allSatisfy { $0.wholeMatch(of: pattern) != nil })
  }

  @Test(arguments: [
    "a", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "12345", "abc_DEF-1234", String(repeating: "x", count: 64),
  ])
  func foreignIDsAreKept(text: String) {
    #expect(EventID(text)?.description == text)
  }

  @Test(arguments: ["", "a b", "a.b", "é", String(repeating: "x", count: 65)])
  func otherIDsAreRefused(text: String) { #expect(EventID(text) == nil) }

  @Test func types() {
    #expect(EventType(validating: "rag.retrieval:complete/v-1_A")?.name == "rag.retrieval:complete/v-1_A")
    #expect(
      EventType(validating: "") == nil && EventType(validating: "a b") == nil
        && EventType(validating: String(repeating: "x", count: 129)) == nil)
    let repaired: EventType = "my event é"
    #expect(repaired.name == "my_event__" && EventType(repairing: "").name == "event")
    #expect(EventType(repairing: String(repeating: "x", count: 200)).name.count == 128)
  }

  @Test func identities() {
    let identity: Identity = "clinic.chat.triage"
    #expect(identity.namespace == "clinic" && identity.kind == "chat" && identity.name == "triage")
    for wrong in ["", "a.b", "a.b.c.d", "a..c", "a.b.c d", "a.b.é"] {
      #expect(Identity(validating: wrong) == nil)
    }
  }

  @Test func traceIDs() {
    #expect(TraceID("4bf92f3577b34da6a3ce929d0e0e4736")?.description == "4bf92f3577b34da6a3ce929d0e0e4736")
    for wrong in ["", "4BF92F3577B34DA6A3CE929D0E0E4736", String(repeating: "0", count: 32), "4bf9"] {
      #expect(TraceID(wrong) == nil)
    }
    #expect(SpanID("00f067aa0ba902b7")?.description == "00f067aa0ba902b7")
    #expect(SpanID("0000000000000000") == nil && SpanID("00f067aa0ba902bg") == nil)
  }

  @Test func validationNamesTheField() {
    func problem(_ change: (inout Event) -> Void) -> String? {
      var event = Event("x", id: id, time: time, context: Context())
      change(&event)
      do throws(EventError) { try event.validate() } catch { return error.field }
      return nil
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0.session = "user 1" } == "session")
    #expect(problem { $0.chain = "" } == "chain")
    #expect(problem { $0.request = "ä" } == "request")
    #expect(problem { $0.model = "" } == "model")
    #expect(problem { $0.provider = String(repeating: "x", count: 257) } == "provider")
    #expect(problem { $0.source = .init(method: String(repeating: "x", count: 257)) } == "source.method")
    #expect(problem { $0.index = -1 } == "index")
    #expect(problem { $0.count = 0 } == "count")
    #expect(problem { $0.tags = ["": "x"] } == "tags")
    #expect(problem { $0.tags = ["k": String(repeating: "x", count: 257)] } == "tags.k")
    #expect(problem { event in for n in 0..<33 { event.tags["\(n)"] = "" } } == "tags")
  }

  @Test func jsonObjectsKeepTheirOrder() {
    var object: JSONObject = ["b": 1, "a": 2]
    object["c"] = 3
    object["b"] = nil
    object["a"] = "x"
    #expect(JSONValue.object(object).description == #"{"a":"x","c":3}"#)
    #expect(JSONValue.double(.infinity).description == "null")
  }
}

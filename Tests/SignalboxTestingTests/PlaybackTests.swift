import SignalboxLLM
import Testing

@testable import SignalboxTesting

struct PlaybackTests {
  private let request = ReceivedRequest(
    method: "POST", path: "/v1/chat/completions", headers: [], body: Array("{\"stream\":true}".utf8),
    connection: 0)

  private func steps(_ fault: ScriptedReply.Fault...) -> [Playback.Step] {
    var reply = ScriptedReply.raw(["abc", "de"])
    for fault in fault { reply = reply.with(fault) }
    return Playback(reply, to: request).steps
  }

  private func body(_ text: String) -> Playback.Step { .body(Array(text.utf8)) }

  @Test func faults() {
    #expect(steps() == [.head, body("abc"), body("de"), .end])
    #expect(steps(.hangUp) == [.close])
    #expect(steps(.stallBeforeHead) == [.stall, .head, body("abc"), body("de"), .end])
    #expect(steps(.reset(afterBytes: 0)) == [.head, .reset])
    #expect(steps(.reset(afterBytes: 3)) == [.head, body("abc"), .reset])
    #expect(steps(.reset(afterBytes: 4)) == [.head, body("abc"), body("d"), .reset])
    #expect(steps(.reset(afterBytes: 99)) == [.head, body("abc"), body("de"), .reset])
    #expect(steps(.truncated(afterBytes: 1)) == [.head, body("a"), .close])
    #expect(steps(.stall(afterBytes: 0)) == [.head, .stall, body("abc"), body("de"), .end])
    #expect(steps(.stall(afterBytes: 1)) == [.head, body("a"), .stall, body("bc"), body("de"), .end])
    #expect(steps(.stall(afterBytes: 5)) == [.head, body("abc"), body("de"), .stall, .end])
    #expect(steps(.stall(afterBytes: 99)) == [.head, body("abc"), body("de"), .stall, .end])
    #expect(
      steps(.splitAtEveryByte) == [.head, body("a"), body("b"), body("c"), body("d"), body("e"), .end])
    #expect(
      steps(.drip(bytes: 2, every: .milliseconds(1)), .truncated(afterBytes: 3)) == [
        .head, .pause(1_000_000), body("ab"), .pause(1_000_000), body("c"), .close,
      ])
  }

  @Test func aRecordingKeepsItsTimeAtItsSpeed() throws {
    let text = """
      {"cassette":1,"request":{"method":"POST","path":"/x"},"status":200,"at":100,"headers":[]}
      {"at":200,"text":"a"}
      {"at":400,"text":"b"}
      {"at":500,"end":"cut","message":"reset"}
      """
    let cassette = try Cassette(parsing: Array(text.utf8))
    #expect(
      Playback(.cassette(cassette, speed: 2), to: request).steps == [
        .until(50), .head, .until(100), body("a"), .until(200), body("b"), .until(250), .close,
      ])
    #expect(Playback(.cassette(cassette), to: request).steps == [.head, body("a"), body("b"), .close])
  }

  @Test func piecesAreWholeCharacters() {
    #expect(ReplyScript(chunks: 3).pieces("Grüße 😀👩‍👩‍👧") == ["Gr", "üße", " 😀👩‍👩‍👧"])
    #expect(ReplyScript(chunks: 99).pieces("abc") == ["a", "b", "c"])
    #expect(ReplyScript(chunks: 0).pieces("abc") == ["abc"])
    #expect(ReplyScript().pieces("").isEmpty)
  }
}

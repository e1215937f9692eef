import JSONScan
import Testing
import Wire

@testable import SignalboxServer

/// What clients say, and what they must not.
@Suite struct DialectInputTests {
  private let parser = JSONParser()

  private func padded<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    var writer = ByteWriter(capacity: text.utf8.count + JSONParser.padding)
    writer.append(utf8: text)
    return try body(writer.raw)
  }

  private func session(_ text: String) -> Result<SessionInput, SessionInput.Problem> {
    padded(text) { frame in
      Result { () throws(SessionInput.Problem) in
        try SessionInput.read(frame, session: "s1", parser: parser)
      }
    }
  }

  @Test func messagesOfASession() {
    #expect(
      session(#"{"type":"message","session_id":"s1","content":"h\u00e9\n","extra":1}"#)
        == .success(.message(content: "hé\n", id: nil)))
    #expect(
      session(#"{"type":"message","content":"x","id":42}"#) == .success(.message(content: "x", id: "42")))
    #expect(
      session(#"{"type":"message","session_id":null,"content":"x","id":null}"#)
        == .success(.message(content: "x", id: nil)))
    #expect(session(#"{"type":"ping","session_id":"s1"}"#) == .success(.ping))
  }

  @Test(arguments: [
    #"{"type":"message","session_id":"s2","content":"x"}"#, #"{"type":"ping","session_id":"s1x"}"#,
    #"{"type":"ping","session_id":"s"}"#, #"{"type":"ping","session_id":["s1"]}"#,
  ])
  func aSocketCannotNameAnotherSession(_ text: String) {
    #expect(
      session(text)
        == .failure(
          .init(message: "session_id is not this socket's; a socket speaks for its own session only")))
  }

  @Test func aFrameThatIsCutAnywhereIsRefused() {
    let whole = #"{"type":"message","session_id":"s1","content":"é"}"#
    var text = whole
    while !text.isEmpty {
      text.removeLast()
      guard case .failure = session(text) else {
        Issue.record("\(text) was taken")
        continue
      }
    }
    #expect(session(whole) == .success(.message(content: "é", id: nil)))
  }

  private func simWorks(_ text: String) -> Result<SimWorksInput, SimWorksInput.Problem> {
    padded(text) { frame in
      Result { () throws(SimWorksInput.Problem) in try SimWorksInput(frame, parser: parser) }
    }
  }

  @Test func messagesOfSimWorks() {
    #expect(simWorks(#"{"event_type":"ping"}"#) == .success(SimWorksInput(.ping)))
    #expect(
      simWorks(#"{"event_type":"session.hello","correlation_id":"c","payload":{"client":"web"}}"#)
        == .success(SimWorksInput(.hello(lastEvent: nil), correlation: "c")))
    #expect(
      simWorks(#"{"event_type":"session.hello","payload":{"last_event_id":"p"}}"#)
        == .success(SimWorksInput(.hello(lastEvent: "p"))))
    #expect(
      simWorks(#"{"event_type":"session.resume","correlation_id":null,"payload":{"last_event_id":"p"}}"#)
        == .success(SimWorksInput(.resume(lastEvent: "p"))))
  }

  @Test func anErrorKeepsTheCorrelation() {
    #expect(
      simWorks(#"{"event_type":"ping","correlation_id":"c","more":1}"#)
        == .failure(
          .init(
            code: "unknown_field", message: "the frame has a member 'more' that is not understood",
            correlation: "c")))
    guard case .failure(let problem) = simWorks(#"{"event_type":"nope","correlation_id":"c"}"#) else {
      return #expect(Bool(false))
    }
    #expect(problem.code == "unknown_event_type" && problem.correlation == "c")
  }

  @Test(arguments: [
    (["ws"], DialectRoute.session), (["ws", "chain", "42"], .chain("42")),
    (["ws", "v1", "7"], .simWorks("7")), (["ws", "v1", "simulations", "7"], .simWorks("7")),
  ])
  func paths(_ segments: [String], _ route: DialectRoute) { #expect(DialectRoute(segments) == route) }

  @Test(arguments: [
    ["chain", "1"], ["ws", "chain"], ["ws", "chain", "1", "2"], ["ws", "v2", "1"], [], ["ws", "v1"],
  ])
  func otherPaths(_ segments: [String]) { #expect(DialectRoute(segments) == nil) }
}

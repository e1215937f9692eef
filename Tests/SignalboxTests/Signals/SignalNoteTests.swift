import Testing

@testable import Signalbox

/// The payloads are those that receivers of the original system know, member for member.
@Suite struct SignalNoteTests {
  @Test func request() {
    let note = RequestNote(
      identity: "clinic.chat.triage", correlationID: "c1", simulationID: 7,
      codecIdentity: "clinic.chat.json",
      messages: [["role": "developer", "content": [["type": "text", "text": "Hi"]]]],
      responseFormatType: "Triage.Output", meta: ["attempt": 1])
    #expect(
      note.payload.description
        == #"{"simulation_id":7,"identity":"clinic.chat.triage","request":{"correlation_id":"c1","namespace":"clinic","kind":"chat","name":"triage","codec_identity":"clinic.chat.json","messages":[{"role":"developer","content":[{"type":"text","text":"Hi"}]}],"response_format":null,"response_format_cls":"Triage.Output","meta":{"attempt":1}}}"#
    )
  }

  @Test func response() {
    let note = ResponseNote(
      identity: "clinic.chat.triage", correlationID: "c1", simulationID: 7, content: ["ok"],
      usage: TokenUsage(input: 2, output: 1, provenance: .providerFinal), provider: "openai")
    #expect(
      note.payload.description
        == #"{"simulation_id":7,"identity":"clinic.chat.triage","response":{"request_correlation_id":"c1","codec_identity":null,"namespace":"clinic","kind":"chat","name":"triage","content":["ok"],"usage":{"input":2,"output":1,"total":3,"provenance":"provider_final"},"provider":"openai","metadata":{}}}"#
    )
  }

  @Test func chunkFailureAndCompletion() {
    let chunk = StreamChunkNote(
      identity: "a.b.c", correlationID: "c1", simulationID: 7, delta: "te", index: 42)
    #expect(
      chunk.payload.description
        == #"{"simulation_id":7,"identity":"a.b.c","chunk":{"request_correlation_id":"c1","delta":"te","index":42,"done":false}}"#
    )
    let failure = FailureNote(identity: "a.b.c", correlationID: "c1", error: "boom", attempt: 3)
    #expect(
      failure.payload.description
        == #"{"simulation_id":null,"identity":"a.b.c","correlation_id":"c1","error":"boom","attempt":3}"#)
    let complete = StreamCompleteNote(identity: "a.b.c", correlationID: "c1", simulationID: "s")
    #expect(
      complete.payload.description == #"{"simulation_id":"s","identity":"a.b.c","correlation_id":"c1"}"#)
  }
}

@Suite struct OnceTests {
  @Test func itIsDoneOnceHoweverManyAsk() async throws {
    let once = Once<Int>()
    let calls = Locked(0)
    let values = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await once.once("c1 a.b.c") {
            calls.withLock {
              $0 += 1
              return $0
            }
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(values == Array(repeating: 1, count: 50) && calls.withLock { $0 } == 1)
  }

  @Test func aFailureIsNotRemembered() async throws {
    struct Boom: Error {}
    let once = Once<Int>()
    await #expect(throws: Boom.self) { try await once.once("k") { throw Boom() } }
    #expect(try await once.once("k") { 2 } == 2)
  }

  @Test func theOldestIsForgotten() async throws {
    let once = Once<Int>(limit: 2)
    for key in ["a", "b", "c"] { _ = try await once.once(key) { 0 } }
    #expect(await !once.contains("a"))
    #expect(await once.contains("c"))
  }
}

@Suite struct DeltaAssemblerTests {
  @Test func piecesInAnyOrderGiveTheText() {
    let pieces = ["Good", " ", "mor", "ning"]
    var order = Array(pieces.indices)
    for _ in 0..<24 {
      order.shuffle()
      var assembler = DeltaAssembler()
      var last = DeltaAssembler.Answer()
      for index in order { last = assembler.add(pieces[index], index: index, isDone: index == 3, of: "c1") }
      #expect(last.text == "Good morning" && last.isComplete && last.missing.isEmpty, "\(order)")
    }
  }

  @Test func whatIsMissingIsSaid() {
    var assembler = DeltaAssembler()
    assembler.add("a", index: 0, of: "c1")
    assembler.add("d", index: 3, of: "c1")
    let answer = assembler.add("g", index: 6, isDone: true, of: "c1")
    #expect(answer.text == "a" && answer.missing == [1..<3, 4..<6] && !answer.isComplete)
    assembler.add("b", index: 1, of: "c1")
    assembler.add("c", index: 2, of: "c1")
    #expect(assembler.finish("c1")?.text == "abcd")
    #expect(assembler.finish("c1") == nil)
  }

  @Test func withoutAnIndexTheyFollowEachOther() {
    var assembler = DeltaAssembler()
    for piece in ["a", "b", "c"] { assembler.add(piece, index: nil, of: "c1") }
    #expect(assembler.finish("c1") == DeltaAssembler.Answer(text: "abc", missing: [], isComplete: true))
  }

  @Test func repeatedPiecesChangeNothingAndBoundsHold() {
    var assembler = DeltaAssembler(requests: 2, bytes: 3)
    assembler.add("ab", index: 0, of: "c1")
    #expect(assembler.add("ab", index: 0, of: "c1").text == "ab")
    assembler.add("cd", index: 1, of: "c1")
    #expect(assembler.refused == 1)
    assembler.add("x", index: 0, of: "c2")
    assembler.add("x", index: 0, of: "c3")
    #expect(assembler.finish("c1") == nil && assembler.finish("c3") != nil)
  }
}

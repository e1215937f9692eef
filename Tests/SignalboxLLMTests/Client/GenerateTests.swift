import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// Whole replies, and what handlers hear on the way.
@Suite(.timeLimit(.minutes(2)))
struct GenerateTests {
  let server = ChatServer(events: ChatServer.greeting)

  @Test func aTextInATextOut() async throws {
    #expect(try await server.client().text("Greet me", model: "m") == "Good morning")
  }

  @Test func handlersChangeTheirCallersVariables() async throws {
    var heard: [String] = []
    let handlers = StreamHandlers(
      start: { heard.append("start \($0.provider)") },
      delta: { heard.append($0.text) },
      usage: { heard.append("usage \($0.usage.total)") },
      complete: { heard.append("complete \($0.totalChunks)") })
    let reply = try await server.client().generate("Greet me", model: "m", on: handlers)
    #expect(heard == ["start test", "Good ", "mor", "ning", "usage 12", "complete 3"])
    #expect(reply.text == "Good morning")
  }

  @Test @MainActor func handlersRunOnTheirCallersActor() async throws {
    var isMain: [Bool] = []
    _ = try await server.client().generate(
      "Greet me", model: "m",
      on: StreamHandlers(delta: { _ in
        MainActor.assertIsolated()
        isMain.append(true)
      }))
    #expect(isMain.count == 3)
  }

  @Test func asynchronousHandlersAreAwaited() async throws {
    let recorder = Texts()
    _ = try await server.client().generate(
      "Greet me", model: "m", on: StreamHandlers(delta: { await recorder.add($0.text) }))
    #expect(await recorder.texts == ["Good ", "mor", "ning"])
  }

  actor Texts {
    var texts: [String] = []
    func add(_ text: String) { texts.append(text) }
  }

  @Test func aHandlerThatThrowsIsCountedAndStopsNobody() async throws {
    struct Broken: Error {}
    var failures: [String] = []
    var heard = 0
    let broken = StreamHandlers(delta: { _ in throw Broken() }, failure: { failures.append($0.description) })
    let handlers = broken.merging(StreamHandlers(delta: { _ in heard += 1 }, complete: { _ in heard += 10 }))
    let reply = try await server.client().generate("Greet me", model: "m", on: handlers)
    #expect(reply.text == "Good morning")
    #expect(heard == 13)
    #expect(handlers.failureCount == 3)
    #expect(broken.failureCount == 3)
    #expect(failures.count == 3)
    #expect(failures.first == "the handler of llm.delta failed: Broken()")
  }

  @Test func untypedHandlersGetStringsAndObjects() async throws {
    var values: [JSONValue] = []
    let untyped = StreamHandlers(untyped: { values.append($0) })
    _ = try await server.client().generate("Greet me", model: "m", on: untyped)
    #expect(values == ["Good ", "mor", "ning"])
    values = []
    _ = try await server.client().generate("Greet me", model: "m", options: .init(format: .json), on: untyped)
    #expect(values.count == 3)
    #expect(values.first == ["text": "Good ", "channel": "text", "is_json": true, "choice": 0])
  }

  @Test func aPlainRequestIsToldTheSameWay() async throws {
    let server = ChatServer { connection, _, _ in
      connection.send(
        ChatServer.plain(
          "200 OK",
          #"{"id":"c2","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#
        ))
      return true
    }
    var heard: [String] = []
    let handlers = StreamHandlers(
      start: { _ in heard.append("start") }, usage: { _ in heard.append("usage") },
      complete: { heard.append($0.reply.text) })
    let reply = try await server.client().generate("Hi", model: "m", streaming: false, on: handlers)
    #expect(heard == ["start", "usage", "Hi"])
    #expect(reply.timing.firstTokenMS == nil)
    #expect(!server.requests[0].contains("\"stream\""))
  }

  @Test func errorsAreThrownAndHeard() async {
    let server = ChatServer { connection, _, _ in
      connection.send(
        ChatServer.plain(
          "429 Too Many Requests", #"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
          headers: "retry-after: 2\r\n"))
      return true
    }
    var heard: [String] = []
    let error = await #expect(throws: LLMError.self) {
      try await server.client().generate(
        "Hi", model: "m", on: StreamHandlers(error: { heard.append($0.errorType) }))
    }
    #expect(heard == ["rate_limited"])
    #expect(error?.code == .rateLimited)
    #expect(error?.retryAfter == .seconds(2))
    #expect(error?.providerCode == "rate_limit_exceeded")
    #expect(error?.isRetryable == true)
    #expect(error?.partial == nil)
  }

  @Test func aMissingKeyNamesItsVariable() async {
    let client = LLMClient(.anthropic(), environment: ProcessEnvironment([:]))
    let error = await #expect(throws: LLMError.self) { try await client.generate("Hi", model: "claude-x") }
    #expect(error?.code == .unauthorized)
    #expect(error?.message.contains("ANTHROPIC_API_KEY") == true)
  }

  @Test func eventsOfHandlersBelongToTheCall() async throws {
    let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
    let emitter = Emitter([recorder])
    _ = try await server.client(emitter).generate(
      "Hi", model: "m", on: StreamHandlers(complete: { _ in emitter.emit("app.done") }))
    await emitter.flush(within: .seconds(20))
    let events = await recorder.events
    #expect(events.first { $0.type == "app.done" }?.span == events.first?.span)
  }

  @Test func droppedOptionsAreNamed() async throws {
    var dropped: JSONValue?
    _ = try await server.client().generate(
      "Hi", model: "o3-mini", options: .init(temperature: 0.2, metadata: ["team": "search"]),
      on: StreamHandlers(start: {
        dropped = $0.metadata["dropped"]
        #expect($0.metadata["team"] == "search")
      }))
    #expect(dropped == ["temperature", "metadata"])
  }
}

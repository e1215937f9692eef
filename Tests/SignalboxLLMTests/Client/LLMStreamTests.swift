import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// Streams of a client against a server on the loopback.
@Suite(.timeLimit(.minutes(2)))
struct LLMStreamTests {
  let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
  let emitter: Emitter

  init() { emitter = Emitter([recorder]) }

  private func told() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  @Test func aStreamHasAStartDeltasUsageAndOneEnd() async {
    let server = ChatServer(events: ChatServer.greeting)
    var events: [StreamEvent] = []
    for await event in server.client(emitter).stream("Greet me", model: "m") { events.append(event) }

    #expect(
      events.map(\.type) == ["llm.start", "llm.delta", "llm.delta", "llm.delta", "llm.usage", "llm.end"])
    let deltas = events.compactMap { if case .delta(let delta) = $0 { delta } else { nil } }
    #expect(deltas.map(\.text) == ["Good ", "mor", "ning"])
    #expect(deltas.map(\.chunkIndex) == [0, 1, 2])
    #expect(
      deltas.allSatisfy { $0.provider == "test" && $0.model == "m" && !$0.isJSON && $0.timestamp > 1e9 })
    guard case .complete(let complete)? = events.last else {
      Issue.record("no completion")
      return
    }
    #expect(complete.reply.text == "Good morning")
    #expect(complete.reply.finishReason == "stop")
    #expect(complete.reply.model == "m-1")
    #expect(complete.reply.id == "c1")
    #expect(complete.totalChunks == 3)
    #expect(complete.finalUsage?.promptTokens == 9)
    #expect(complete.finalUsage?.provenance == .providerFinal)
    #expect(complete.reply.timing.firstTokenMS ?? -1 >= 0)
    #expect(Set(events.map(\.info.requestID)).count == 1)
    #expect(server.requests.count == 1)
  }

  @Test func theEmitterHearsTheSameAsASpan() async {
    let server = ChatServer(events: ChatServer.greeting)
    await emitter.withSpan(.chain, "answer") { span in
      let stream = server.client(emitter).stream("Greet me", model: "m")
      // Read where the context is another one: the stream keeps its own.
      await Task.detached { for await _ in stream {} }.value
    }
    let events = await told()
    let llm = events.filter { $0.type.name.hasPrefix("llm.") }
    #expect(llm.first?.type.name == "llm.start")
    #expect(llm.last?.type.name == "llm.end")
    #expect(Set(llm.map(\.span)).count == 1)
    #expect(llm.allSatisfy { $0.parent == events.first?.span && $0.trace == events.first?.trace })
    #expect(llm.allSatisfy { $0.provider == "test" && $0.model == "m" && $0.request != nil })
    let deltas = llm.filter { $0.phase == .delta }
    #expect(deltas.compactMap { $0.data?["text"]?.string }.joined() == "Good morning")
    var next: Int64 = 0
    for delta in deltas {
      #expect(delta.index == next)
      next += delta.count
    }
    #expect(next == 3)
    #expect(llm[0].data?["input"] == [["role": "user", "content": "Greet me"]])
    #expect(llm.last?.data?["usage"]?["total"] == 12)
  }

  @Test func nothingIsSentBeforeTheStreamIsRead() async {
    let server = ChatServer(events: ChatServer.greeting)
    let stream = server.client().stream("Greet me", model: "m")
    #expect(server.requests.isEmpty)
    for await _ in stream {}
    var second: [StreamEvent] = []
    for await event in stream { second.append(event) }
    #expect(second.map(\.type) == ["llm.error"])
    #expect(server.requests.count == 1)
  }

  @Test func lettingGoOfTheIteratorClosesTheConnection() async {
    let server = ChatServer { connection, _, _ in
      connection.send(ChatServer.head + ChatServer.chunked([ChatServer.event(ChatServer.text("Good "))]))
      connection.waitForClose()
      return false
    }
    let stream = server.client(emitter).stream("Greet me", model: "m")
    for await event in stream { if case .delta = event { break } }
    await server.waitForClosing()
    let last = await told().last
    #expect(last?.type.name == "llm.error")
    #expect(last?.data?["reason"] == "cancelled")
    withExtendedLifetime(stream) {}
  }

  @Test func cancellingTheTaskClosesTheConnection() async {
    let server = ChatServer { connection, _, _ in
      connection.send(ChatServer.head + ChatServer.chunked([ChatServer.event(ChatServer.text("Good "))]))
      connection.waitForClose()
      return false
    }
    let client = server.client(emitter)
    let (deltas, delta) = AsyncStream.makeStream(of: Void.self)
    let reader = Task {
      var events: [StreamEvent] = []
      for await event in client.stream("Greet me", model: "m") {
        events.append(event)
        if case .delta = event { delta.yield() }
      }
      return events
    }
    for await _ in deltas { break }
    reader.cancel()
    let events = await reader.value
    #expect(events.filter(\.isTerminal).count == 1)
    guard case .error(let error)? = events.last else {
      Issue.record("no error")
      return
    }
    #expect(error.error.code == .cancelled)
    #expect(error.error.partial?.text == "Good ")
    await server.waitForClosing()
    let all = await told()
    #expect(all.filter { $0.phase == .error || $0.phase == .end }.count == 1)
    #expect(all.last?.data?["reason"] == "cancelled")
  }

  @Test func anErrorInsideAStreamIsItsLastEvent() async {
    let server = ChatServer(events: [
      ChatServer.text("Good "), #"{"error":{"message":"overloaded, key sk-test-0123456789","code":503}}"#,
    ])
    var events: [StreamEvent] = []
    for await event in server.client(emitter).stream("Greet me", model: "m") { events.append(event) }
    #expect(events.map(\.type) == ["llm.start", "llm.delta", "llm.usage", "llm.error"])
    guard case .error(let error)? = events.last else { return }
    #expect(error.error.status == 503)
    #expect(error.isRetryable)
    #expect(error.error.partial?.text == "Good ")
    #expect(!error.error.message.contains("0123456789"))
    #expect(await told().last?.data?["reason"] == "failed")
  }

  @Test func aStreamThatBreaksOffIsIncomplete() async {
    let server = ChatServer { connection, _, _ in
      connection.send(ChatServer.head + ChatServer.chunked([ChatServer.event(ChatServer.text("Good "))]))
      connection.resetOnClose()
      return false
    }
    var last: StreamEvent?
    for await event in server.client(emitter).stream("Greet me", model: "m") { last = event }
    guard case .error(let error)? = last else {
      Issue.record("no error")
      return
    }
    #expect(error.error.code == .incomplete)
    #expect(error.error.partial?.text == "Good ")
    #expect(await told().last?.data?["reason"] == "incomplete")
  }

  @Test func connectionsAreUsedAgain() async throws {
    let server = ChatServer(events: ChatServer.greeting)
    let client = server.client()
    for _ in 0..<3 { _ = try await client.generate("Greet me", model: "m") }
    #expect(server.requests.count == 3)
    #expect(server.connectionCount == 1)
  }

  @Test func noEventHoldsTheKey() async throws {
    let key = "hunter2-very-secret-value"
    let server = ChatServer { connection, _, number in
      if number == 1 {
        connection.send(ChatServer.plain("401 Unauthorized", #"{"error":{"message":"bad key \#(key)"}}"#))
      } else {
        connection.send(
          ChatServer.head + ChatServer.chunked(ChatServer.greeting.map(ChatServer.event)) + "0\r\n\r\n")
      }
      return true
    }
    let client = server.client(emitter, key: key)
    let error = await #expect(throws: LLMError.self) { try await client.generate("Hi", model: "m") }
    #expect(error?.code == .unauthorized)
    #expect(error?.message == "bad key …")
    _ = try await client.generate("Hi", model: "m")
    #expect(server.requests.allSatisfy { $0.contains("Bearer \(key)") })
    let texts = await told().map(\.json) + ["\(client)", "\(client.provider)", String(reflecting: client)]
    #expect(texts.allSatisfy { !$0.contains(key) })
    var dumped = ""
    dump(client, to: &dumped)
    #expect(!dumped.contains(key))
  }

  @Test func withoutCaptureThereIsNoText() async throws {
    let server = ChatServer(events: ChatServer.greeting)
    var client = server.client(emitter)
    client.configuration.capture = .metadata
    _ = try await client.generate("A secret prompt", model: "m")
    let texts = await told().map(\.json)
    #expect(texts.allSatisfy { !$0.contains("secret prompt") && !$0.contains("Good") })
    #expect(await recorder.events.map(\.type.name) == ["llm.start", "llm.usage", "llm.end"])
    #expect(await recorder.events.last?.data?["timing"]?["deltas"] == 3)
  }

  @Test func aReplyOverTheLimitIsAnError() async {
    let server = ChatServer(
      events: [ChatServer.text(String(repeating: "x", count: 200))] + ChatServer.greeting)
    var client = server.client()
    client.configuration.replyBytes = 100
    let error = await #expect(throws: LLMError.self) { try await client.generate("Hi", model: "m") }
    #expect(error?.code == .badReply)
  }
}

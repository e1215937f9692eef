import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// The examples of `docs/client.md`, in their order, against a provider on the loopback.
@Suite(.timeLimit(.minutes(2)))
struct ClientExamplesTests {
  let server = ChatServer(events: ChatServer.greeting)
  var client: LLMClient { server.client() }

  @Test func aStream() async {
    for await event in client.stream("Write a poem", model: "gpt-4o") {
      switch event {
      case .delta(let delta): print(delta.text, terminator: "")
      case .restart: print("\n[again]")
      case .complete(let complete): print("\n\(complete.finalUsage?.total ?? 0) tokens")
      case .error(let error): print("\n\(error.error)")
      default: break
      }
    }
    #expect(server.requests.count == 1)
  }

  @Test func wholeReplies() async throws {
    let reply = try await client.generate("Hello", model: "gpt-4o")
    print(reply.text, reply.usage?.total ?? 0, reply.timing.tokensPerSecond ?? 0)

    let answer = try await client.text("What is 2 + 2?", model: "gpt-4o")
    #expect(answer == "Good morning")
  }

  @Test func providers() throws {
    let local = LLMClient(.compatible(name: "llama.cpp", url: "http://127.0.0.1:8080/v1"))
    let proxied = LLMClient(
      .anthropic(key: "sk-…", url: "http://127.0.0.1:7446/anthropic", headers: ["x-team": "search"]))
    #expect(local.provider.capabilities.contains(.seed))
    #expect(
      try Bodies.prepare(proxied.provider, LLMRequest(model: "m", "Hi")).url
        == "http://127.0.0.1:7446/anthropic/v1/messages")
  }

  @Test func messagesAndOptions() async throws {
    let bytes: [UInt8] = [0x89, 0x50]
    let reply = try await client.generate(
      [
        .system("You are terse."),
        .user([.text("What is in this picture?"), .image(bytes, mediaType: "image/png")]),
      ],
      model: "gpt-4o", options: .init(maxTokens: 200, temperature: 0.2, stop: ["\n\n"], user: "u1"))
    #expect(reply.text == "Good morning")

    let options = GenerationOptions(
      seed: 7, extra: ["logprobs": true, "stream_options": ["include_obfuscation": false]])
    _ = try await client.generate("Hello", model: "gpt-4o", options: options)
    #expect(
      server.requests[1].contains(#""stream_options":{"include_usage":true,"include_obfuscation":false}"#))
  }

  @Test func tools() async throws {
    let server = ChatServer { connection, _, number in
      let call =
        #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"weather","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
      let events = number == 1 ? [call, "[DONE]"] : [ChatServer.text("21 °C"), ChatServer.stop, "[DONE]"]
      connection.send(ChatServer.head + ChatServer.chunked(events.map(ChatServer.event)) + "0\r\n\r\n")
      return true
    }
    let client = server.client()

    let weather = ToolDefinition(
      "weather", "Tells the weather of a city",
      schema: ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]])
    var messages: [Message] = ["How warm is it in Vienna?"]
    var reply = try await client.generate(messages, model: "gpt-4o", options: .init(tools: [weather]))
    while !reply.toolCalls.isEmpty {
      messages.append(.assistant(reply))  // its reasoning goes back with its signature
      for call in reply.toolCalls { messages.append(.tool("21 °C", for: call)) }
      reply = try await client.generate(messages, model: "gpt-4o", options: .init(tools: [weather]))
    }
    #expect(reply.text == "21 °C")
    #expect(server.requests[1].contains(#"{"role":"tool","tool_call_id":"c","content":"21 °C"}"#))
  }

  @Test func basicCallbacks() async throws {
    let reply = try await client.generate(
      "Write a short poem about AI", model: "gpt-4o",
      on: StreamHandlers(
        start: { print("started: \($0.provider)/\($0.model), request \($0.requestID)") },
        delta: { print("chunk \($0.chunkIndex): \($0.text)") },
        usage: { usage in
          print("tokens: \(usage.usage.promptTokens) in, \(usage.usage.completionTokens) out")
          if usage.isEstimated { print("estimated, \(usage.confidence) sure") }
        },
        complete: { print("done: \($0.totalChunks) chunks in \($0.durationMS) ms") },
        error: { error in
          print("error: \(error.errorType)")
          if error.isRetryable { print("it may work later") }
        }))
    print("full response: \(reply.text)")
    #expect(reply.text == "Good morning")
  }

  @Test func selectiveCallbacks() async throws {
    _ = try await client.generate(
      "Hello, world!", model: "gpt-4o",
      on: StreamHandlers(
        start: { print("started at \($0.timestamp)") }, complete: { print("done in \($0.durationMS) ms") }))
    #expect(server.requests.count == 1)
  }

  @Test func failingCallbacks() async throws {
    let risky = StreamHandlers(delta: { _ in throw CancellationError() }, failure: { print($0) })
    let both = risky.merging(StreamHandlers(delta: { print($0.text) }))
    _ = try await client.generate("Hello", model: "gpt-4o", on: both)
    print(both.failureCount)
    #expect(both.failureCount == 3)
  }

  @Test func timeToFirstToken() async throws {
    var started = 0.0
    var first: Double?
    _ = try await client.generate(
      "Hello", model: "gpt-4o",
      on: StreamHandlers(
        start: { started = $0.timestamp },
        delta: { if first == nil { first = ($0.timestamp - started) * 1000 } }))
    print("time to first token: \(first ?? 0) ms")
    #expect(first ?? -1 >= 0)
  }

  @Test func throughput() async throws {
    var heard = false
    _ = try await client.generate(
      "Hello", model: "gpt-4o",
      on: StreamHandlers(complete: { complete in
        guard let usage = complete.finalUsage, complete.durationMS > 0 else { return }
        print("throughput: \(Double(usage.completionTokens) / complete.durationMS * 1000) tokens/second")
        heard = true
      }))
    #expect(heard)
  }

  @Test func usageByProvider() async throws {
    let clients = [client, client]
    var tokens: [String: Int64] = [:]
    let count = StreamHandlers(usage: { tokens[$0.provider, default: 0] += $0.usage.total })
    for client in clients { _ = try await client.generate("Hello", model: "m", on: count) }
    #expect(tokens == ["test": 24])
  }

  @Test func json() async throws {
    let server = ChatServer(events: [
      ChatServer.text(#"{\"name\":"#), ChatServer.text(#" \"Anna\", \"age\": 7}"#), ChatServer.stop, "[DONE]",
    ])
    var chunks = 0
    let reply = try await server.client().generate(
      "Return a JSON object with name and age", model: "gpt-4o", options: .init(format: .json),
      on: StreamHandlers(delta: {
        if $0.isJSON { print("JSON chunk: \($0.text)") }
        chunks += 1
      }))
    #expect(reply.text == #"{"name": "Anna", "age": 7}"#)
    #expect(chunks == 2)
  }

  struct Person: Codable {
    var name: String
    var age: Int
  }

  @Test func aSwiftValue() async throws {
    let server = ChatServer(events: [
      ChatServer.text(#"{\"name\": \"Anna\", \"age\": 7}"#), ChatServer.stop, "[DONE]",
    ])
    let client = server.client()
    let schema = JSONSchema.object(["name": .string, "age": .integer(min: 0)])
    let (person, _) = try await client.generate(
      "Invent a person", model: "gpt-4o", as: Person.self, schema: schema)
    #expect(person.name == "Anna")
    #expect(server.requests.count == 1)
  }

  @Test func ledgers() async throws {
    let ledger = UsageLedger()
    _ = try await client.generate(
      "Hello", model: "gpt-4o", on: StreamHandlers(all: { ledger.record($0) }))
    #expect(ledger.snapshot.open == 0)
  }

  @Test func restarts() {
    var configuration = LLMClient.Configuration()
    configuration.retry = RetryPolicy(attempts: 5, afterText: .restart)
    let patient = LLMClient(.openAI(), configuration: configuration)
    #expect(patient.configuration.retry.afterText == .restart)
  }

  @Test func callbacksWithoutTypes() async throws {
    var texts: [String] = []
    let old = StreamHandlers(untyped: { data in
      if let text = data["text"]?.string ?? data.string { texts.append(text) }
    })
    let new = StreamHandlers(delta: { texts.append($0.text) })
    _ = try await client.generate("Hello", model: "gpt-4o", on: old.merging(new))
    #expect(texts == ["Good ", "Good ", "mor", "mor", "ning", "ning"])
  }

  @Test func errors() async throws {
    let server = ChatServer { connection, _, _ in
      connection.send(ChatServer.plain("500 Oops", #"{"error":{"message":"broken"}}"#))
      return true
    }
    do {
      _ = try await server.client().generate("Hello", model: "gpt-4o")
      Issue.record("no error")
    } catch {
      print(error.code, error.isRetryable, error.retryAfter ?? .zero, error.partial?.text ?? "")
      #expect(error.code == .providerFailed)
    }
  }

  @Test func watched() async {
    let recorder = Recorder(batching: Batching(events: 1000, interval: .seconds(60)))
    let emitter = Emitter([recorder])
    let watched = server.client(emitter)
    var count = 0
    await emitter.withSpan(.chain, "answer") { _ in
      for await _ in watched.stream("Hello", model: "gpt-4o") { count += 1 }
    }
    await emitter.flush(within: .seconds(20))
    #expect(count == 6)
    #expect(await recorder.events.first?.type.name == "chain.start")
    #expect(await recorder.events.last?.type.name == "chain.end")
  }
}

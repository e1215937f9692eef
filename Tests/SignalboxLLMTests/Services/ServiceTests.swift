import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

@Suite(.timeLimit(.minutes(5)))
struct ServiceTests {
  private let secret = "My left leg hurts"

  @Test func aStreamedRunIsAnnouncedInOrder() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"high"}"#, chunks: 4))
    let answer = try await Triage(fixture).answer(
      to: secret, session: "s1", simulationID: 7, meta: ["ward": "b"])
    #expect(answer.value == Triage.Output(urgency: "high"))
    #expect(await fixture.kinds() == ["request", "chunk", "chunk", "chunk", "chunk", "complete", "response"])
    let notes = await fixture.heard()
    #expect(
      notes.allSatisfy { $0.correlationID == answer.correlationID && $0.identity == "clinic.chat.triage" })
    #expect(notes.allSatisfy { $0.simulationID == 7 })

    let chunks = notes.compactMap { $0 as? StreamChunkNote }
    #expect(chunks.map(\.index) == [0, 1, 2, 3])
    #expect(chunks.map { $0.delta.string ?? "" }.joined() == #"{"urgency":"high"}"#)
  }

  @Test func theNotesAreTheDocuments() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"high"}"#, chunks: 1))
    let answer = try await Triage(fixture).answer(
      to: "Hi", simulationID: 7, correlationID: "c1", meta: ["ward": "b"])
    let request = try #require(await fixture.note(RequestNote.self))
    #expect(
      request.payload == [
        "simulation_id": 7, "identity": "clinic.chat.triage",
        "request": [
          "correlation_id": "c1", "namespace": "clinic", "kind": "chat", "name": "triage",
          "codec_identity": "clinic.chat.output",
          "messages": [
            ["role": "developer", "content": [["type": "text", "text": "How urgent is it?"]]],
            ["role": "user", "content": [["type": "text", "text": "Hi"]]],
          ],
          "response_format": try Triage.schema.strict().json,
          "response_format_cls": "SignalboxLLMTests.Triage.Output",
          "meta": ["ward": "b", "model": "gpt-4o", "stream": true],
        ],
      ])
    let response = try #require(await fixture.note(ResponseNote.self))
    #expect(response.codecIdentity == "clinic.chat.output" && response.provider == "openai")
    #expect(
      response.content == [
        ["type": "text", "text": #"{"urgency":"high"}"#], ["type": "value", "value": ["urgency": "high"]],
      ])
    #expect(response.usage?.output == 5 && response.metadata["model"] == "gpt-4o")
    #expect(response.metadata["attempts"] == 1 && response.metadata["response_id"]?.string == answer.reply.id)
  }

  @Test func theRunIsASpanWithTheCallInside() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#))
    _ = try await Triage(fixture).run(secret, session: "s1", correlationID: "c1")
    let events = await fixture.events()
    #expect(events.first?.type == "service.start" && events.last?.type == "service.end")
    #expect(
      events.allSatisfy { $0.identity == "clinic.chat.triage" && $0.request == "c1" && $0.session == "s1" })
    let call = try #require(events.first { $0.type == "llm.start" })
    #expect(call.parent == events[0].span && call.trace == events[0].trace)
    #expect(events[0].data?["name"] == "clinic.chat.triage" && events[0].phase == .start)
    #expect(events.filter { $0.type == "llm.end" }.count == 1)
  }

  @Test func withoutBeingAskedEventsHoldNoContent() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#))
    _ = try await Triage(fixture).run(secret)
    let events = await fixture.events()
    #expect(events.map(\.type.name) == ["service.start", "llm.start", "llm.usage", "llm.end", "service.end"])
    for event in events {
      #expect(!event.json.contains("left leg") && !event.json.contains("urgen"), "\(event.json)")
    }
    // Receivers in the program have it.
    #expect("\(try #require(await fixture.note(RequestNote.self)).messages)".contains(secret))
  }

  @Test func andAllOfItWhereAskedFor() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#, chunks: 3))
    var service = Triage(fixture)
    service.capture = .full
    _ = try await service.run(secret)
    let events = await fixture.serviceEvents()
    #expect(events[0].data?["input"]?.string == secret && events[1].data?["output"] == ["urgency": "low"])
    let texts = await fixture.events().filter { $0.type == "llm.delta" }.compactMap {
      $0.data?["text"]?.string
    }
    #expect(texts.joined() == #"{"urgency":"low"}"#)
  }

  @Test func theStricterOfTwoSettingsHolds() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#)) { $0.capture = .metadata }
    var service = Triage(fixture)
    service.capture = .full
    _ = try await service.run(secret)
    for event in await fixture.events() { #expect(!event.json.contains("left leg"), "\(event.json)") }
  }

  @Test(arguments: [#"{"urgency":"tomorrow"}"#, #"{"urgency":"#, "none of your business"])
  func anAnswerThatCannotBeReadIsAFailureAndNothingElse(_ text: String) async throws {
    let fixture = try ServiceFixture(.text(text, chunks: 2))
    do throws(ServiceError) {
      _ = try await Triage(fixture).run(secret)
      Issue.record("it must throw")
    } catch {
      #expect(error.code == .answer && error.isRetryable && error.reply?.text == text && error.attempts == 1)
    }
    #expect(await fixture.kinds() == ["request", "chunk", "chunk", "failure"])
    let failure = try #require(await fixture.note(FailureNote.self))
    #expect(failure.error.hasPrefix("the answer is not the JSON that was asked for") && failure.attempt == 1)
    let events = await fixture.serviceEvents()
    #expect(events.map(\.type.name) == ["service.start", "service.error"])
    #expect(events[1].phase == .error && events[1].data?["reason"] == "failed")
    #expect(events[1].data?["message"] == "the answer is not what was asked for")
  }

  @Test func aRefusalIsOneToo() async throws {
    let refusal = #"{"choices":[{"index":0,"delta":{"refusal":"I cannot"},"finish_reason":"stop"}]}"#
    let fixture = try ServiceFixture(.raw(["data: \(refusal)\n\n", "data: [DONE]\n\n"]))
    await #expect { try await Triage(fixture).run("x") } throws: { ($0 as? ServiceError)?.code == .answer }
    #expect(await fixture.kinds() == ["request", "failure"])
  }

  @Test func aFailedCallSaysWhichAttemptItWas() async throws {
    let fixture = try ServiceFixture(.error(status: 503, "Your prompt \"My left leg\" is too much"))
    await #expect {
      try await Triage(fixture).run(secret)
    } throws: {
      let error = $0 as? ServiceError
      return error?.code == .call && error?.attempts == 3 && error?.isRetryable == true
    }
    #expect(await fixture.kinds() == ["request", "failure"])
    let failure = try #require(await fixture.note(FailureNote.self))
    #expect(failure.attempt == 3 && failure.payload["attempt"] == 3)
    let last = try #require(await fixture.serviceEvents().last)
    #expect(last.type == "service.error" && last.data?["reason"] == "failed")
    for event in await fixture.events() { #expect(!event.json.contains("left leg"), "\(event.json)") }
  }

  @Test func discreetMessagesQuoteNobody() {
    func message(_ code: ServiceError.Code, _ error: any Error) -> String {
      ServiceError(code, error, "a.b.c", "c1", reply: nil).discreetMessage
    }
    let refused = LLMError(.providerFailed, "secret", status: 503)
    #expect(message(.call, refused) == "the provider answered with an error")
    #expect(message(.call, LLMError(.timeout, "no answer within 5 s")) == "no answer within 5 s")
    #expect(message(.answer, LLMError(.badJSON, "secret")) == "the answer is not what was asked for")
    #expect(message(.request, Greeter.NoName()) == "the request could not be made: NoName")
    #expect(message(.call, LLMError(.cancelled, "x")) == "the run was cancelled")
  }

  @Test func aRequestThatCannotBeMade() async throws {
    let fixture = try ServiceFixture(.text("x"))
    await #expect { try await Greeter(fixture).run("") } throws: {
      let error = $0 as? ServiceError
      return error?.code == .request && error?.attempts == 0 && error?.underlying is Greeter.NoName
    }
    #expect(await fixture.kinds() == ["failure"])
    #expect(fixture.provider.requests.isEmpty)
  }

  @Test func aCorrelationIDThatIsNone() async throws {
    let fixture = try ServiceFixture(.text("x"))
    await #expect { try await Greeter(fixture).run("a", correlationID: "a b") } throws: {
      ($0 as? ServiceError)?.code == .request
    }
    #expect(fixture.provider.requests.isEmpty)
  }

  @Test func cancelledIsNotFailed() async throws {
    let fixture = try ServiceFixture(.text("Good morning", chunks: 3).with(.stall(afterBytes: 200)))
    let task = Task { try await Greeter(fixture).run("Ann") }
    await fixture.provider.stalled()
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? ServiceError)?.code == .cancelled }
    #expect(await fixture.kinds().filter { $0 != "chunk" } == ["request", "failure"])
    #expect(await fixture.serviceEvents().last?.data?["reason"] == "cancelled")
    fixture.provider.release()
  }

  @Test func plainTextAndADerivedIdentity() async throws {
    let fixture = try ServiceFixture(.text("Good morning", chunks: 2))
    #expect(try await Greeter(fixture).run("Ann") == "Good morning")
    let request = try #require(await fixture.note(RequestNote.self))
    #expect(request.identity == "signalbox_llm_tests.service.greeter")
    #expect(request.codecIdentity == "signalbox_llm_tests.service.text")
    #expect(request.responseFormat == nil && request.responseFormatType == nil)
    let response = try #require(await fixture.note(ResponseNote.self))
    #expect(response.content == [["type": "text", "text": "Good morning"]])
  }

  @Test func receiversAskForOneService() async throws {
    let fixture = try ServiceFixture(.text("Good morning"))
    let heard = Locked<[String]>([])
    fixture.signals.request.connect(sender: Greeter.self) { note in heard.withLock { $0.append("greeter") } }
    fixture.signals.request.connect(sender: Triage.self) { note in heard.withLock { $0.append("triage") } }
    _ = try await Greeter(fixture).run("Ann")
    _ = await fixture.heard()
    #expect(heard.withLock { $0 } == ["greeter"])
  }

  @Test func signalsAndSettingsAreFoundAndReplaced() async throws {
    struct Plain: LLMService {
      let client: LLMClient
      func request(for text: String) -> LLMRequest { LLMRequest(model: "m", text) }
      var codec: TextCodec { TextCodec() }
    }
    let fixture = try ServiceFixture(.text("Good morning"))
    var settings = ServiceSettings()
    settings.streaming = .off
    try await Signals.with(fixture.signals) { () async throws(ServiceError) in
      try await ServiceSettings.with(settings) { () async throws(ServiceError) in
        _ = try await Plain(client: fixture.client).run("Hi")
      }
    }
    #expect(await fixture.kinds() == ["request", "response"])
  }

  // MARK: Streaming

  @Test func sensitiveDomainsDoNotStream() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#))
    var settings = ServiceSettings()
    settings.streaming = .off("clinic.*")
    try await ServiceSettings.with(settings) { () async throws(ServiceError) in
      _ = try await Triage(fixture).run("x")
    }
    #expect(await fixture.kinds() == ["request", "response"])
    #expect(!fixture.provider.requests[0].text.contains(#""stream":true"#))
    #expect(await fixture.note(RequestNote.self)?.meta["stream"] == false)
    // Others do.
    _ = try await ServiceSettings.with(settings) { () async throws(ServiceError) in
      try await Greeter(fixture).run("x")
    }
    #expect(fixture.provider.requests[1].text.contains(#""stream":true"#))
  }

  @Test func norDoesAServiceThatDoesNotWantTo() async throws {
    let fixture = try ServiceFixture(.text(#"{"urgency":"low"}"#))
    var service = Triage(fixture)
    service.isStreaming = false
    _ = try await service.run("x")
    #expect(await fixture.kinds() == ["request", "response"])
  }

  @Test func chunksAreNeverTakenBack() async throws {
    let fixture = try ServiceFixture(
      .text("Good morning", chunks: 3).with(.truncated(afterBytes: 600)), .text("Good evening", chunks: 3)
    ) { $0.retry.afterText = .restart }
    await #expect { try await Greeter(fixture).run("Ann") } throws: { ($0 as? ServiceError)?.code == .call }
    #expect(fixture.provider.requests.count == 1)
    let kinds = await fixture.kinds()
    #expect(kinds.first == "request" && kinds.contains("chunk") && kinds.last == "failure")
  }

  @Test func handlersHearTheAnswerAsItComes() async throws {
    let fixture = try ServiceFixture(.text("Good morning", chunks: 4))
    var text = ""
    _ = try await Greeter(fixture).run("Ann", on: StreamHandlers(delta: { text += $0.text }))
    #expect(text == "Good morning")
  }

  // MARK: In a chain

  @Test func aServiceIsAStepAndRetriesDoNotMultiply() async throws {
    let fixture = try ServiceFixture(.error(status: 503))
    let greeter = Greeter(fixture)
    let chain = Chain("greetings", emitter: fixture.emitter) {
      Step("greet") { (name: String) in try await greeter.run(name) }.retry(3, backoff: Backoff(base: .zero))
    }
    await #expect(throws: ChainError.self) { try await chain.run("Ann", id: "42") }
    // Not nine; fewer where a connection broke.
    #expect(fixture.provider.requests.count <= 3)
    let events = await fixture.events()
    #expect(events.allSatisfy { $0.chain == "42" })
    let step = try #require(events.first { $0.type == "step.start" })
    #expect(events.first { $0.type == "service.start" }?.parent == step.span)
  }

  @Test func anAnswerThatCannotBeReadIsWorthAnotherTry() async throws {
    let fixture = try ServiceFixture(.text("nonsense"), .text(#"{"urgency":"low"}"#))
    let triage = Triage(fixture)
    let chain = Chain("triage", emitter: fixture.emitter) {
      Step("ask") { (note: String) in try await triage.run(note) }.retry(2, backoff: Backoff(base: .zero))
    }
    #expect(try await chain.run("x") == Triage.Output(urgency: "low"))
    #expect(fixture.provider.requests.count == 2)
  }
}

import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// What goes wrong in a run: the model's mistakes, tools that fail, and being cancelled.
@Suite(.timeLimit(.minutes(2)))
struct AgentFailureTests {
  struct Broken: Error, CustomStringConvertible { var description: String { "the database is away" } }
  struct Nothing: Codable, Sendable {}

  static let broken = Tool("broken", "Always fails") { (_: Nothing, _) -> String in throw Broken() }

  /// The code and the message of a run's only tool, and what the model was given.
  private func toolError(
    _ name: String, _ arguments: String, tools: [Tool] = [.weather, broken]
  ) async throws -> (code: String?, message: String, given: String) {
    let bench = try AgentBench(.calls((name, arguments)), .text("I see."))
    let reply = try await Agent("chat", client: bench.client(), model: "gpt-4o", tools: tools).run("Go")
    #expect(reply.text == "I see.")
    let data = try #require(await bench.data("tool.error"))
    #expect(data["reason"] == "failed" && data["id"] == "call_1" && data["turn"] == 0)
    #expect(data["timing"]?["duration_ms"] != nil)
    return (data["code"]?.string, data["message"]?.string ?? "", bench.provider.requests[1].text)
  }

  @Test func anUnknownToolIsToldToTheModel() async throws {
    let error = try await toolError("wether", "{}")
    #expect(error.code == "unknown_tool")
    #expect(error.message == #"there is no tool "wether"; there are: weather, broken"#)
    #expect(error.given.contains(#"there is no tool \"wether\""#))
  }

  @Test func wrongArgumentsAreToldWithTheirPath() async throws {
    let error = try await toolError("weather", #"{"city":12}"#)
    #expect(error.code == "invalid_arguments")
    #expect(error.message == "the arguments do not fit: $.city: must be a string, found 12 (type)")
    #expect(error.given.contains("the arguments do not fit: $.city: must be a string"))
    let missing = try await toolError("weather", "")
    #expect(missing.code == "invalid_arguments" && missing.message.contains("city"))
    let extra = try await toolError("weather", #"{"city":"Graz","planet":"Mars"}"#)
    #expect(extra.message.contains("planet"))
  }

  @Test func argumentsThatAreNoJSON() async throws {
    let bench = try AgentBench(.calls(("weather", #"{"city": "#)), .text("I see."))
    _ = try await Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather]).run("Go")
    #expect(await bench.data("tool.start")?["arguments"] == #"{"city": "#)
    let error = await bench.data("tool.error")
    #expect(error?["code"] == "invalid_arguments")
    #expect(error?["message"]?.string?.hasPrefix("the arguments do not fit: they are no JSON") == true)
  }

  @Test func nullStandsForWhatNeedNotBeThere() async throws {
    let bench = try AgentBench(.calls(("weather", #"{"city":"Graz","days":null}"#)), .text("done"))
    _ = try await Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather]).run("Go")
    #expect(await bench.data("tool.end")?["result"] == "21 °C in Graz")
  }

  @Test func aToolThatThrowsIsToldToTheModel() async throws {
    let error = try await toolError("broken", "{}")
    #expect(error.code == "tool_failed")
    #expect(error.message == "the tool failed: the database is away")
    #expect(error.given.contains("the tool failed: the database is away"))
  }

  @Test func orEndsTheRunAndItsSiblings() async throws {
    let bench = try AgentBench(.calls(("wait", "{}"), ("broken", "{}")), .text("never"))
    let meeting = Meeting(2)
    let wait = Tool("wait", "") { (_: Nothing, _) in
      await meeting.arrive()
      try await untilCancelled()
      return ""
    }
    let broken = Tool("broken", "") { (_: Nothing, _) -> String in
      await meeting.arrive()
      throw Broken()
    }
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", tools: [wait, broken], toolFailures: .fail)
    let error = await #expect(throws: AgentError.self) { try await agent.run("Go") }
    #expect(error?.code == .toolFailed)
    #expect(error?.message == "broken: the tool failed: the database is away")
    #expect(bench.provider.requests.count == 1)
    let errors = await bench.events().filter { $0.phase == .error }
    #expect(errors.map(\.type) == ["tool.error", "tool.error", "agent.error"])
    #expect(errors.map { $0.data?["reason"]?.string } == ["failed", "cancelled", "failed"])
    #expect(errors.last?.data?["code"] == "tool_failed")
    #expect(errors.last?.data?["usage"]?["total"] == 14)
    // Every call has its answer, so that the chat can go on.
    let roles = error?.conversation.messages.map(\.role)
    #expect(roles == [.user, .assistant, .tool, .tool])
  }

  @Test func whatTheModelGetsWrongEndsNoRun() async throws {
    let bench = try AgentBench(.calls(("nosuch", "{}")), .text("done"))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", toolFailures: .fail)
    #expect(try await agent.run("Go").text == "done")
  }

  @Test func aToolThatTakesTooLong() async throws {
    let clock = TestClock()
    let bench = try AgentBench(.calls(("wait", "{}")), .text("I see."))
    let meeting = Meeting(2)
    let wait = Tool("wait", "", timeout: .seconds(5)) { (_: Nothing, _) in
      await meeting.arrive()
      try await untilCancelled()
      return ""
    }
    let agent = Agent("chat", client: bench.client(clock: clock), model: "gpt-4o", tools: [wait])
    async let reply = agent.run("Go")
    // The model's call is over then: only the timeout sleeps.
    await meeting.arrive()
    await clock.sleepers(1)
    clock.advance(by: .seconds(5))
    #expect(try await reply.text == "I see.")
    let error = await bench.data("tool.error")
    #expect(error?["code"] == "timeout" && error?["reason"] == "failed")
    #expect(error?["message"] == "the tool took longer than 5.0 seconds")
  }

  @Test func theModelFails() async throws {
    let bench = try AgentBench(.error(status: 400, "no such model"))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o")
    let error = await #expect(throws: AgentError.self) { try await agent.run("Go") }
    #expect(error?.code == .modelFailed)
    #expect(error?.cause?.status == 400)
    #expect(error?.conversation.messages == ["Go"])
    let data = await bench.data("agent.error")
    #expect(data?["reason"] == "failed" && data?["code"] == "model_failed" && data?["turns"] == 1)
    #expect(data?["message"] == "the model failed: no such model")
  }

  @Test func whatFailedIsPaidToo() async throws {
    let bench = try AgentBench(.text("Good morning", chunks: 3).with(.truncated(afterBytes: 420)))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o")
    let error = await #expect(throws: AgentError.self) { try await agent.run("Go") }
    #expect(error?.cause?.code == .incomplete)
    #expect((error?.usage.tokens?.total ?? 0) > 0)
    #expect(error?.usage.tokens?.provenance.confidence != nil)
  }

  // MARK: Cancelling

  @Test func cancellingEndsTheToolsWithIt() async throws {
    let bench = try AgentBench(.calls(("wait", "{}")), .text("never"))
    let meeting = Meeting(2)
    let wait = Tool("wait", "") { (_: Nothing, _) in
      await meeting.arrive()
      try await untilCancelled()
      return ""
    }
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [wait])
    let task = Task { try await agent.run("Go") }
    await meeting.arrive()
    task.cancel()
    let error = await #expect(throws: AgentError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    #expect(error?.conversation.messages.map(\.role) == [.user, .assistant, .tool])
    let errors = await bench.events().filter { $0.phase == .error }
    #expect(errors.map(\.type) == ["tool.error", "agent.error"])
    for event in errors {
      #expect(event.data?["reason"] == "cancelled" && event.data?["code"] == "cancelled")
    }
    #expect(bench.provider.requests.count == 1)
  }

  @Test func cancellingEndsTheModelsCall() async throws {
    let bench = try AgentBench(.text("Good morning").with(.stallBeforeHead))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o")
    let task = Task { try await agent.run("Go") }
    await bench.provider.stalled()
    task.cancel()
    let error = await #expect(throws: AgentError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    let errors = await bench.events().filter { $0.phase == .error }
    #expect(errors.map(\.type) == ["llm.error", "agent.error"])
    #expect(errors.allSatisfy { $0.data?["reason"] == "cancelled" })
    bench.provider.release()
  }

  @Test func lettingGoOfTheStreamCancelsToo() async throws {
    let bench = try AgentBench(.text("Good morning").with(.stall(afterBytes: 10)))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o")
    for await event in agent.stream("Go") {
      guard case .model(.start) = event else { continue }
      await bench.provider.stalled()
      break
    }
    // Nobody reads any more: the end is told all the same.
    var last: Event?
    while last?.type != "agent.error" { last = await bench.events().last }
    #expect(last?.data?["reason"] == "cancelled")
    bench.provider.release()
  }

  @Test func aStreamIsReadOnce() async throws {
    let bench = try AgentBench()
    let stream = Agent("chat", client: bench.client(), model: "gpt-4o").stream("Go")
    for await _ in stream {}
    for await _ in stream { Issue.record("a second reader must hear nothing") }
    #expect(bench.provider.requests.count == 1)
  }
}

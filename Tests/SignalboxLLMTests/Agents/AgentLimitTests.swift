import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// Limits on a run, and on what is told of it.
@Suite(.timeLimit(.minutes(2)))
struct AgentLimitTests {
  private static let call = ScriptedReply.toolCall("weather", arguments: #"{"city":"Vienna"}"#)

  /// The error of a run that is never answered.
  private func error(_ limits: Agent.Limits, model: String = "gpt-4o") async throws -> (AgentError?, [Event])
  {
    let bench = try AgentBench(Self.call)
    let agent = Agent("chat", client: bench.client(), model: model, tools: [.weather], limits: limits)
    let error = await #expect(throws: AgentError.self) { try await agent.run("Go") }
    #expect(error?.isLimit == true)
    let roles = error?.conversation.messages.map(\.role) ?? []
    // Each call has its answer.
    #expect(roles.last == .tool)
    #expect(roles.filter { $0 == .assistant }.count == roles.filter { $0 == .tool }.count)
    return (error, await bench.events())
  }

  private func expectEnd(_ events: [Event], _ code: JSONValue, turns: Int64) {
    let end = events.last
    #expect(end?.type == "agent.error" && end?.phase == .error)
    #expect(end?.data?["reason"] == "incomplete")
    #expect(end?.data?["code"] == code)
    #expect(end?.data?["turns"] == .int(turns))
    #expect(end?.data?["usage"]?["total"] == .int(14 * turns))
  }

  @Test func turns() async throws {
    let (error, events) = try await error(.init(turns: 3))
    #expect(error?.code == .turnLimit)
    #expect(error?.message == "the model still asks for tools after 3 turns")
    expectEnd(events, "turn_limit", turns: 3)
    // What the last turn asked for is not run.
    #expect(events.filter { $0.type == "tool.start" }.count == 2)
  }

  @Test func toolCalls() async throws {
    let (error, events) = try await error(.init(toolCalls: 2))
    #expect(error?.code == .toolCallLimit)
    expectEnd(events, "tool_call_limit", turns: 3)
    #expect(events.filter { $0.type == "tool.start" }.count == 2)
  }

  @Test func tokens() async throws {
    let (error, events) = try await error(.init(budget: .init(tokens: 20)))
    #expect(error?.code == .tokenLimit)
    #expect(error?.usage.tokens?.total == 28)
    expectEnd(events, "token_limit", turns: 2)
  }

  @Test func cost() async throws {
    // A turn costs 0.0000725 dollars.
    let (error, events) = try await error(.init(budget: .init(cost: 0.0001)))
    #expect(error?.code == .costLimit)
    expectEnd(events, "cost_limit", turns: 2)
  }

  @Test func anAnswerThatHasComeIsNotWithheld() async throws {
    let bench = try AgentBench(.text("done"))
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", limits: .init(turns: 1, budget: .init(tokens: 1)))
    #expect(try await agent.run("Go").text == "done")
  }

  @Test func timeEndsTheTools() async throws {
    let clock = TestClock()
    let bench = try AgentBench(.calls(("wait", "{}")), .text("never"))
    struct Nothing: Codable, Sendable {}
    let meeting = Meeting(2)
    let wait = Tool("wait", "") { (_: Nothing, _) in
      await meeting.arrive()
      try await untilCancelled()
      return ""
    }
    let agent = Agent(
      "chat", client: bench.client(clock: clock), model: "gpt-4o", tools: [wait],
      limits: .init(budget: .init(seconds: .seconds(60))))
    let task = Task { try await agent.run("Go") }
    await meeting.arrive()
    await clock.sleepers(1)
    clock.advance(by: .seconds(60))
    let error = await #expect(throws: AgentError.self) { try await task.value }
    #expect(error?.code == .timeLimit)
    #expect(error?.usage.durationMS == 60_000)
    let events = await bench.events()
    #expect(events.last?.data?["code"] == "time_limit" && events.last?.data?["reason"] == "incomplete")
    let tool = events.first { $0.type == "tool.error" }
    #expect(tool?.data?["reason"] == "cancelled")
  }

  @Test func timeEndsTheModelsCall() async throws {
    let clock = TestClock()
    let bench = try AgentBench(.text("Good morning").with(.stallBeforeHead))
    let agent = Agent(
      "chat", client: bench.client(clock: clock), model: "gpt-4o",
      limits: .init(budget: .init(seconds: .seconds(60))))
    let task = Task { try await agent.run("Go") }
    await bench.provider.stalled()
    await clock.sleepers(1)
    clock.advance(by: .seconds(60))
    let error = await #expect(throws: AgentError.self) { try await task.value }
    #expect(error?.code == .timeLimit)
    #expect(await bench.data("llm.error")?["reason"] == "cancelled")
    bench.provider.release()
  }

  // MARK: What is told

  @Test func longArgumentsAndResultsAreCutAndSayHowLongTheyWere() async throws {
    let long = String(repeating: "Ä", count: 3000)
    let bench = try AgentBench(.calls(("echo", #"{"text":"\#(long)","more":"x"}"#)), .text("done"))
    struct Echo: Codable, Sendable {
      var text: String
      var more: String
    }
    let echo = Tool("echo", "") { (arguments: Echo, _) in arguments.text }
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", tools: [echo], capture: .init(toolBytes: 1000))
    _ = try await agent.run("Go")
    let start = try #require(await bench.data("tool.start"))
    #expect(start["arguments_bytes"] == 6022)
    let text = try #require(start["arguments"]?["text"]?.string)
    #expect(text.hasSuffix("Ä…") && text.utf8.count < 1000)
    #expect((start["arguments"]?.description.utf8.count ?? 0) <= 1000)
    let end = try #require(await bench.data("tool.end"))
    #expect(end["result_bytes"] == 6000)
    let result = try #require(end["result"]?.string)
    #expect(result.hasSuffix("Ä…") && result.utf8.count <= 1000)
    // The model gets all of it.
    #expect(bench.provider.requests[1].text.contains(#""content":"\#(long)""#))
  }

  @Test func theModelIsGivenOnlySoMuch() async throws {
    let bench = try AgentBench(.calls(("flood", "{}")), .text("done"))
    struct Nothing: Codable, Sendable {}
    let flood = Tool("flood", "") { (_: Nothing, _) in String(repeating: "z", count: 10_000) }
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", tools: [flood], limits: .init(resultBytes: 100))
    _ = try await agent.run("Go")
    let body = bench.provider.requests[1].text
    #expect(body.contains(String(repeating: "z", count: 97) + "…\""))
    #expect(!body.contains(String(repeating: "z", count: 98)))
  }

  @Test func whoAsksForNoContentGetsNone() async throws {
    let secret = "Quintin"
    let bench = try AgentBench(
      .calls(
        ("weather", #"{"city":"Quintin"}"#), ("broken", #"{"why":"Quintin"}"#),
        ("weather", #"{"city":["Quintin"]}"#)),
      .text("Quintin is well"))
    struct Why: Codable, Sendable { var why: String }
    let broken = Tool("broken", "") { (arguments: Why, _) -> String in throw ToolError(arguments.why) }
    let agent = Agent(
      "chat", client: bench.client(capture: .metadata), model: "gpt-4o", instructions: secret,
      tools: [.weather, broken])
    let reply = try await agent.run("Who is Quintin?")
    #expect(reply.text == "Quintin is well")
    let events = await bench.events()
    #expect(events.filter { $0.type == "tool.error" }.count == 2)
    #expect(events.filter { $0.type == "tool.end" }.count == 1)
    for event in events { #expect(!event.json.contains(secret), "\(event.json)") }
    #expect(events.last?.data?["usage"]?["total"] == 28)
  }
}

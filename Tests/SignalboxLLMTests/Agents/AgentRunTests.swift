import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// The loop: what the model is asked, which tools run, what comes back.
@Suite(.timeLimit(.minutes(2)))
struct AgentRunTests {
  @Test func aToolIsCalledAndItsResultRead() async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild.", chunks: 2))
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", instructions: "Be brief.", tools: [.weather])
    let reply = try await agent.run("How is it in Vienna?", session: "s1")
    #expect(reply.text == "Mild.")
    #expect(reply.usage.turns == 2 && reply.usage.toolCalls == 1)
    #expect(reply.usage.tokens?.total == 28)
    // 18 tokens in at 2.50, 10 out at 10.00 dollars a million.
    #expect(reply.usage.cost.amount == 0.000145)
    #expect(reply.conversation.messages.map(\.role) == [.user, .assistant, .tool, .assistant])

    let requests = bench.provider.requests
    #expect(requests.count == 2)
    #expect(requests[0].text.contains(#""name":"weather","description":"Tells the weather""#))
    #expect(requests[0].text.contains(#""city":{"type":"string","description":"Its English name"}"#))
    #expect(requests[0].text.contains(#"{"role":"system","content":"Be brief."}"#))
    #expect(requests[1].text.contains(#""tool_call_id":"call_1","content":"21 °C in Vienna""#))
  }

  @Test func theEventsOfARun() async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild."))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather])
    _ = try await agent.run("How is it in Vienna?", session: "s1")
    let events = await bench.events()
    #expect(
      events.map(\.type.name) == [
        "agent.start", "agent.turn", "llm.start", "llm.usage", "llm.end", "tool.start", "tool.end",
        "agent.turn", "llm.start", "llm.usage", "llm.end", "agent.end",
      ])
    let run = try #require(events.first)
    #expect(events.allSatisfy { $0.session == "s1" && $0.trace == run.trace })
    #expect(run.parent == nil)
    for event in events where !event.type.name.hasPrefix("agent.") { #expect(event.parent == run.span) }
    #expect(Set(events.compactMap(\.span)).count == 4)
    #expect(
      run.data == [
        "name": "chat", "input": "How is it in Vienna?", "model": "gpt-4o", "tools": ["weather"],
        "limits": ["turns": 8, "tool_calls": 64],
      ])
    #expect(events[1].data == ["turn": 0])
    #expect(events[4].data?["model"] == "gpt-4o")
    #expect(events[4].data?["usage"]?["input"] == 9)
    #expect(
      events[5].data
        == ["name": "weather", "id": "call_1", "arguments": ["city": "Vienna"], "turn": 0])
    #expect(events[6].span == events[5].span)
    #expect(events[6].data?["id"] == "call_1")
    #expect(events[6].data?["result"] == "21 °C in Vienna")
    #expect(events[6].data?["turn"] == 0)
    #expect(events[6].data?["timing"]?["duration_ms"] != nil)
    let end = try #require(events.last?.data)
    #expect(end["output"] == "Mild." && end["turns"] == 2 && end["tool_calls"] == 1)
    #expect(end["usage"]?["input"] == 18 && end["usage"]?["output"] == 10 && end["usage"]?["total"] == 28)
    #expect(end["usage"]?["cost"]?["amount"] == 0.000145)
  }

  @Test func callsOfOneReplyRunSideBySideAndAreAnsweredInTheirOrder() async throws {
    let bench = try AgentBench(
      .calls(("slow", "{}"), ("quick", "{}")), .text("done"))
    let meeting = Meeting(2)
    let done = Meeting(2)
    struct Nothing: Codable, Sendable {}
    // Each waits for the other to begin; the first ends only after the second.
    let slow = Tool("slow", "") { (_: Nothing, _) in
      await meeting.arrive()
      await done.arrive()
      return "first"
    }
    let quick = Tool("quick", "") { (_: Nothing, _) in
      await meeting.arrive()
      return "second"
    }
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [slow, quick])
    var ended: [String] = []
    _ = try await agent.run("Go") { event in
      guard case .toolEnd(let outcome) = event else { return }
      ended.append(outcome.call.name)
      if outcome.call.name == "quick" { await done.arrive() }
    }
    #expect(ended == ["quick", "slow"])
    let body = bench.provider.requests[1].text
    let first = try #require(body.range(of: #""tool_call_id":"call_1","content":"first""#))
    let second = try #require(body.range(of: #""tool_call_id":"call_2","content":"second""#))
    #expect(first.lowerBound < second.lowerBound)
    let tools = await bench.events().filter { $0.type.name.hasPrefix("tool.") }
    #expect(
      tools.map { "\($0.type) \($0.data?["name"]?.string ?? "")" } == [
        "tool.start slow", "tool.start quick", "tool.end quick", "tool.end slow",
      ])
  }

  @Test func atMostSoManyRunAtATime() async throws {
    let bench = try AgentBench(
      .calls(("step", "{}"), ("step", "{}"), ("step", "{}")), .text("done"))
    struct Nothing: Codable, Sendable {}
    let running = Locked((now: 0, most: 0))
    let step = Tool("step", "") { (_: Nothing, _) in
      running.withLock { running in
        running.now += 1
        running.most = max(running.most, running.now)
      }
      for _ in 0..<20 { await Task.yield() }
      running.withLock { $0.now -= 1 }
      return "ok"
    }
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", tools: [step], limits: .init(parallelTools: 1))
    let reply = try await agent.run("Go")
    #expect(reply.usage.toolCalls == 3)
    #expect(running.withLock { $0.most } == 1)
    // One after another: each start after the end before it.
    let tools = await bench.types().filter { $0.hasPrefix("tool.") }
    #expect(tools == ["tool.start", "tool.end", "tool.start", "tool.end", "tool.start", "tool.end"])
  }

  @Test func deltasComeToTheCallerWhereItIs() async throws {
    let bench = try AgentBench(.text("Good morning", chunks: 3))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o")
    var pieces: [String] = []
    var last = false
    _ = try await agent.run("Hi") { event in
      if let text = event.text { pieces.append(text) }
      last = event.isTerminal
    }
    #expect(pieces.count == 3 && pieces.joined() == "Good morning")
    #expect(last)

    var streamed = ""
    var kinds: [String] = []
    for await event in agent.stream("Hi") {
      streamed += event.text ?? ""
      switch event {
      case .turn(let turn): kinds.append("turn \(turn)")
      case .complete(let reply): kinds.append("complete \(reply.text)")
      case .model, .toolStart, .toolEnd, .error: break
      }
    }
    #expect(streamed == "Good morning")
    #expect(kinds == ["turn 0", "complete Good morning"])
  }

  @Test @MainActor func handlersRunOnTheirCallersActor() async throws {
    let bench = try AgentBench(.text("Good morning", chunks: 3))
    var count = 0
    _ = try await Agent("chat", client: bench.client(), model: "gpt-4o").run("Hi") { _ in
      MainActor.assertIsolated()
      count += 1
    }
    #expect(count > 4)
  }

  @Test func aChatGoesOn() async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild."), .text("Milder."))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather])
    let first = try await agent.run("How is it in Vienna?")
    let second = try await agent.run("And tomorrow?", in: first.conversation)
    #expect(second.text == "Milder.")
    let body = bench.provider.requests[2].text
    for text in ["How is it in Vienna?", "21 °C in Vienna", "Mild."] { #expect(body.contains(text)) }
    #expect(second.conversation.messages.count == 6)
    var short = second.conversation
    short.keepLast(4)
    // A result whose call was forgotten would be refused.
    #expect(short.messages.map(\.role) == [.user, .assistant])
  }

  @Test func idsThatComeAgainAreMadeDifferent() async throws {
    let call = ScriptedReply.toolCall("weather", arguments: #"{"city":"Graz"}"#, id: "same")
    let bench = try AgentBench(call, call, .text("done"))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather])
    _ = try await agent.run("Go")
    let ids = await bench.events().filter { $0.type == "tool.end" }.map { $0.data?["id"] }
    #expect(ids == ["same", "same-2"])
    #expect(bench.provider.requests[2].text.contains(#""id":"same-2""#))
    #expect(bench.provider.requests[2].text.contains(#""tool_call_id":"same-2""#))
  }

  @Test(arguments: [ProviderFormat.chat, .responses, .messages, .gemini, .ollama])
  func everyFormatTakesTheLoop(format: ProviderFormat) async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild."))
    let agent = Agent("chat", client: bench.client(format), model: "gpt-4o", tools: [.weather])
    let reply = try await agent.run("Go")
    #expect(reply.text == "Mild.")
    #expect(bench.provider.requests.count == 2)
    #expect(bench.provider.requests[1].text.contains("21 °C in Vienna"))
    let events = await bench.events()
    let start = try #require(events.first { $0.type == "tool.start" }?.data?["id"]?.string)
    #expect(!start.isEmpty)
    #expect(events.first { $0.type == "tool.end" }?.data?["id"]?.string == start)
  }

  @Test func aToolThatMustBeCalledMustBeCalledOnce() async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild."))
    let agent = Agent(
      "chat", client: bench.client(), model: "gpt-4o", tools: [.weather],
      options: .init(toolChoice: .required))
    _ = try await agent.run("Go")
    #expect(bench.provider.requests[0].text.contains(#""tool_choice":"required""#))
    #expect(!bench.provider.requests[1].text.contains("tool_choice"))
  }

  @Test func withoutStreaming() async throws {
    let bench = try AgentBench(
      .toolCall("weather", arguments: #"{"city":"Vienna"}"#), .text("Mild."))
    var agent = Agent("chat", client: bench.client(), model: "gpt-4o", tools: [.weather])
    agent.streams = false
    #expect(try await agent.run("Go").text == "Mild.")
    #expect(bench.provider.requests.allSatisfy { $0.wantsStream != true })
  }

  @Test func aRunIsAChildOfWhatItRunsIn() async throws {
    let bench = try AgentBench(.text("done"))
    let agent = Agent("chat", client: bench.client(), model: "gpt-4o", identity: "clinic.agent.chat")
    try await bench.emitter.withSpan(.chain, "outer") { span in
      _ = try await agent.run("Go")
      let events = await bench.events()
      let start = events.first { $0.type == "agent.start" }
      #expect(start?.parent == span.context.span && start?.trace == span.context.trace)
      #expect(start?.identity == "clinic.agent.chat")
    }
  }
}

import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// The examples of `docs/agents.md`, in their order, against a scripted provider.
@Suite(.timeLimit(.minutes(2)))
struct AgentDocumentTests {
  struct FetchPatient: Codable, Sendable { var name: String }

  struct Database: Sendable {
    struct Patient: Codable, Sendable { var diagnosis: String }
    func patient(_ name: String) async throws -> Patient { Patient(diagnosis: "hypertension") }
  }

  let database = Database()

  var fetch: Tool {
    let database = database
    return Tool(
      "fetch_patient_data", "Reads a patient's record", parameters: ["name": "First name and surname"]
    ) { (arguments: FetchPatient, tool) in
      tool.progress(0.2)
      return try await database.patient(arguments.name)
    }
  }

  private func agent(_ client: LLMClient, turns: Int = 8) -> Agent {
    Agent(
      "chat", client: client, model: "gpt-4o", instructions: "Be brief.", tools: [fetch],
      limits: .init(turns: turns, budget: .init(tokens: 50_000, cost: 0.50, seconds: .seconds(120))))
  }

  @Test func aChat() async throws {
    let call = ScriptedReply.toolCall("fetch_patient_data", arguments: #"{"name":"Quintin Cole"}"#)
    let bench = try AgentBench(call, .text("Hypertension."), .text("Since May."))
    let agent = agent(bench.client())
    let answer = try await agent.run("What is Quintin Cole's diagnosis?", session: "test123")
    print(answer.text, answer.usage.tokens?.total ?? 0, answer.usage.cost.amount ?? 0)
    #expect(answer.text == "Hypertension.")
    #expect(await bench.data("tool.end")?["result"] == #"{"diagnosis":"hypertension"}"#)
    #expect(await bench.data("tool.progress")?["fraction"] == 0.2)

    let reply = try await agent.run("And since when?", in: answer.conversation) { event in
      print(event.text ?? "", terminator: "")
    }
    #expect(reply.text == "Since May.")

    var last = ""
    for await event in agent.stream("Which drugs?", in: reply.conversation) {
      switch event {
      case .turn(let turn): print("turn \(turn)")
      case .model(let event): if case .delta(let delta) = event { print(delta.text, terminator: "") }
      case .toolStart(let call): print("\(call.name)(\(call.arguments))")
      case .toolEnd(let outcome): print("\(outcome.text) in \(outcome.durationMS) ms")
      case .complete(let reply): last = reply.text
      case .error(let error): print(error)
      }
    }
    #expect(last == "Since May.")
  }

  @Test func limits() async throws {
    let bench = try AgentBench(
      .toolCall("fetch_patient_data", arguments: #"{"name":"Quintin Cole"}"#))
    let agent = agent(bench.client(), turns: 2)
    do {
      _ = try await agent.run("Go on for ever")
      Issue.record("it must end")
    } catch {
      if error.isLimit { print(error.code, error.usage.turns, error.conversation.messages.count) }
      #expect(error.code == .turnLimit && error.conversation.messages.count == 5)
    }
  }
}

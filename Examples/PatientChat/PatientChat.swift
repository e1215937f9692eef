// A chat about patients: an agent with two tools, a server of its own, and every step of it in the session's socket.
//
//   swift run PatientChat                                  (a scripted model; http://127.0.0.1:8000)
//   swift run PatientChat --provider http://127.0.0.1:8080/v1 --model qwen2.5-7b
//
//   websocat 'ws://127.0.0.1:8000/ws?session_id=test123'
//   {"type": "message", "session_id": "test123", "content": "What is quintin cole's diagnosis?"}
//
// `signalbox tail --url http://127.0.0.1:8000 --session test123` and the page at / show the same.
import Signalbox
import SignalboxLLM
import SignalboxServer

@main
struct PatientChat {
  static func main() async throws {
    let options = Options(CommandLine.arguments.dropFirst())
    let emitter = Emitter()
    let memory = Memory()
    var configuration = ServerConfiguration()
    configuration.port = options.port
    configuration.dataDirectory = options.data
    configuration.chat = { message, reply in
      let model = try Model.of(options, emitter: emitter)
      defer { model.stop() }
      let agent = Agent(
        "chat", client: model.client, model: model.name,
        instructions: "You help a clinic's staff. Look records up before you speak about a patient.",
        tools: [Records.fetch, Interactions.check],
        limits: .init(turns: 8, budget: .init(seconds: .seconds(120))))
      var isFirst = true
      let answer = try await agent.run(message.content, in: await memory[message.session]) { event in
        guard let text = event.text else { return }
        reply.delta(text)
        isFirst = false
      }
      // Nothing was streamed: the answer is empty, or was refused.
      if isFirst { reply.send(answer.text) }
      await memory.keep(answer.conversation, of: message.session)
      // What the agent did is told before its answer, which goes out when this returns.
      await emitter.flush(within: .seconds(5))
    }
    let server = try Server(configuration)
    emitter.add(server.exporter)
    print("PatientChat listening on \(try server.listen())")
    flushOutput()
    // Control-C ends it: what was said is stored by then.
    while true { try await Task.sleep(for: .seconds(3600)) }
  }
}

/// What was said in each session, for the model to go on from.
actor Memory {
  /// Sessions that are remembered; the one that spoke longest ago is forgotten first.
  private static let limit = 1000
  private var conversations: [String: Conversation] = [:]
  private var order: [String] = []

  subscript(session: String) -> Conversation { conversations[session] ?? Conversation() }

  func keep(_ conversation: Conversation, of session: String) {
    var conversation = conversation
    conversation.keepLast(40)
    order.removeAll { $0 == session }
    order.append(session)
    conversations[session] = conversation
    if order.count > Self.limit { conversations[order.removeFirst()] = nil }
  }
}

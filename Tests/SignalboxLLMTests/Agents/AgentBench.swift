import Signalbox
import SignalboxTesting

@testable import SignalboxLLM

/// A scripted provider, a client of it, and everything that is told.
struct AgentBench {
  let provider: ScriptedProvider
  let recorder = Recorder(batching: Batching(events: 10_000, interval: .seconds(3600)))
  let emitter: Emitter

  init(_ replies: ScriptedReply...) throws {
    provider = try ScriptedProvider()
    for reply in replies.isEmpty ? [ScriptedReply.text("done")] : replies { script.append(reply) }
    emitter = Emitter([recorder])
    // The replies of a rule are used in order.
    switch script.count {
    case 1: provider.on(script[0])
    case 2: provider.on(script[0], script[1])
    case 3: provider.on(script[0], script[1], script[2])
    default: provider.on(script[0], script[1], script[2], script[3])
    }
  }

  private var script: [ScriptedReply] = []

  func client(
    _ format: ProviderFormat = .chat, clock: (any EventClock)? = nil, capture: ContentCapture = .full
  ) -> LLMClient {
    let known: Provider =
      switch format {
      case .responses: .openAIResponses(key: "k", url: provider.url + "/v1")
      case .messages: .anthropic(key: "k", url: provider.url)
      case .gemini: .gemini(key: "k", url: provider.url)
      case .ollama: .ollama(url: provider.url)
      default: .openAI(key: "k", url: provider.url + "/v1")
      }
    var configuration = LLMClient.Configuration()
    if let clock { configuration.clock = clock }
    configuration.capture = capture
    configuration.retry.attempts = 1
    return LLMClient(
      known, emitter: emitter, configuration: configuration, environment: ProcessEnvironment([:]))
  }

  /// All that was told, without the pieces of texts.
  func events() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events.filter { $0.phase != .delta }
  }

  func types() async -> [String] { await events().map(\.type.name) }

  /// The data of the first event of that type.
  func data(_ type: EventType) async -> JSONValue? { await events().first { $0.type == type }?.data }
}

struct City: Codable, Sendable {
  var city: String
  var days: Int?
}

extension Tool {
  static let weather = Tool("weather", "Tells the weather", parameters: ["city": "Its English name"]) {
    (arguments: City, _) in
    "21 °C in \(arguments.city)"
  }
}

extension ScriptedReply {
  /// Several calls in one reply.
  static func calls(_ calls: (name: String, arguments: String)...) -> ScriptedReply {
    .script(
      ReplyScript(
        toolCalls: calls.enumerated().map { place, call in
          ToolCall(id: "call_\(place + 1)", name: call.name, arguments: call.arguments)
        }))
  }
}

/// Lets tasks meet: `arrive` returns once so many have arrived.
actor Meeting {
  private let size: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ size: Int) { self.size = size }

  func arrive() async {
    await withCheckedContinuation { continuation in
      waiting.append(continuation)
      guard waiting.count == size else { return }
      for continuation in waiting { continuation.resume() }
      waiting = []
    }
  }
}

/// Never returns until its task is cancelled.
func untilCancelled() async throws {
  try await Task.sleep(for: .seconds(3600))
}

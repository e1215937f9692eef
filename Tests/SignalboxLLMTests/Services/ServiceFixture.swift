import Signalbox
import SignalboxTesting
import Synchronization

@testable import SignalboxLLM

/// A scripted provider, a client that tells a recorder, and signals whose notes are kept in the order of sending.
final class ServiceFixture: Sendable {
  let provider: ScriptedProvider
  let recorder = Recorder()
  let emitter: Emitter
  let client: LLMClient
  let signals = Signals()
  private let notes = Mutex<[any SignalNote]>([])

  init(_ replies: ScriptedReply..., change: (inout LLMClient.Configuration) -> Void = { _ in }) throws {
    provider = try ScriptedProvider()
    switch replies.count {
    case 1: provider.on(replies[0])
    case 2: provider.on(replies[0], replies[1])
    default: break
    }
    emitter = Emitter([recorder])
    var configuration = LLMClient.Configuration()
    configuration.retry.backoff = Backoff(base: .zero)
    configuration.breakers = nil
    change(&configuration)
    client = LLMClient(
      .openAI(key: "sk-test", url: provider.url + "/v1"), emitter: emitter, configuration: configuration)
    signals.request.connect { [weak self] in self?.keep($0) }
    signals.response.connect { [weak self] in self?.keep($0) }
    signals.failure.connect { [weak self] in self?.keep($0) }
    signals.streamChunk.connect { [weak self] in self?.keep($0) }
    signals.streamComplete.connect { [weak self] in self?.keep($0) }
  }

  private func keep(_ note: any SignalNote) { notes.withLock { $0.append(note) } }

  /// Every note so far.
  func heard() async -> [any SignalNote] {
    await signals.drained()
    return notes.withLock { $0 }
  }

  /// Their kinds, in order.
  func kinds() async -> [String] {
    await heard().map { note in
      switch note {
      case is RequestNote: "request"
      case is ResponseNote: "response"
      case is FailureNote: "failure"
      case is StreamChunkNote: "chunk"
      case is StreamCompleteNote: "complete"
      default: "?"
      }
    }
  }

  func note<Note>(_ type: Note.Type) async -> Note? { await heard().lazy.compactMap { $0 as? Note }.first }

  func events() async -> [Event] {
    await emitter.flush(within: .seconds(60))
    return await recorder.events
  }

  /// Those of the service's own span.
  func serviceEvents() async -> [Event] { await events().filter { $0.type.name.hasPrefix("service.") } }
}

struct Triage: LLMService {
  struct Output: Codable, Sendable, Equatable { var urgency: String }

  static let identity: Identity = "clinic.chat.triage"
  static let schema = JSONSchema.object(["urgency": .enumeration(["low", "high"])])

  let client: LLMClient
  let signals: Signals
  var isStreaming = true
  var capture = ContentCapture.metadata

  init(_ fixture: ServiceFixture) {
    client = fixture.client
    signals = fixture.signals
  }

  var codec: JSONCodec<Output> { JSONCodec(schema: Self.schema) }

  func request(for note: String) -> LLMRequest {
    LLMRequest(model: "gpt-4o", [.developer("How urgent is it?"), .user(note)])
  }
}

struct Greeter: LLMService {
  let client: LLMClient
  let signals: Signals

  init(_ fixture: ServiceFixture) {
    client = fixture.client
    signals = fixture.signals
  }

  func request(for name: String) throws -> LLMRequest {
    guard !name.isEmpty else { throw NoName() }
    return LLMRequest(model: "gpt-4o", "Greet \(name)")
  }

  typealias Output = String

  struct NoName: Error {}
}

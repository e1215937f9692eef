public import Signalbox

/// A thing that a model does for an application: an input becomes a request, the answer a value.
///
/// ```swift
/// struct Triage: LLMService {
///   struct Output: Codable, Sendable { var urgency: String }
///   let client: LLMClient
///   var codec: JSONCodec<Output> { .init(schema: .object(["urgency": .enumeration(["low", "high"])])) }
///   func request(for note: String) -> LLMRequest {
///     LLMRequest(model: "gpt-4o", [.developer("How urgent is it?"), .user(note)])
///   }
/// }
/// let urgency = try await Triage(client: client).run("My leg hurts").urgency
/// ```
///
/// Every run announces itself by `signals` (request, chunks, then response or failure, with one correlation id) and is
/// a span of the kind `service` in the client's emitter, with the call to the model inside of it.
public protocol LLMService<Input, Output>: Sendable {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  associatedtype Codec: AnswerCodec where Codec.Output == Output

  /// Who acts, in every note and event. Default: from the type's name, see `Identity.init(of:kind:)`.
  static var identity: Identity { get }
  /// The middle part of an identity that is made of the type's name. Default `service`.
  static var kind: String { get }

  /// Who is asked. Its emitter is told of the runs.
  var client: LLMClient { get }
  /// Reads the answer. Default: text where `Output` is a `String`, else JSON without a schema.
  var codec: Codec { get }
  /// What the model is asked. The codec's format is added where the request asks for plain text.
  func request(for input: Input) async throws -> LLMRequest

  /// Whether the answer is streamed, unless `ServiceSettings` forbid it. Default true.
  var isStreaming: Bool { get }
  /// What of prompts and answers the events hold; the client's own setting holds too, if it is stricter. Default:
  /// nothing. Signals always have them: their receivers are in the same program.
  var capture: ContentCapture { get }
  /// Who is told of requests, chunks, responses and failures. Default `Signals.current`.
  var signals: Signals { get }
}

extension LLMService {
  public static var identity: Identity { Identity(of: Self.self, kind: kind) }
  public static var kind: String { "service" }
  public var isStreaming: Bool { true }
  public var capture: ContentCapture { .metadata }
  public var signals: Signals { .current }
}

extension LLMService where Output: Decodable {
  public var codec: DefaultCodec<Output> { DefaultCodec() }
}

/// What a run of a service gave.
public struct ServiceAnswer<Value: Sendable>: Sendable {
  public var value: Value
  /// What the model said, with tokens, cost and timing.
  public var reply: Reply
  public var correlationID: String
}

extension LLMService {
  /// Asks, and returns the answer as a value.
  ///
  /// - Parameters:
  ///   - session: the conversation it belongs to; default: the context's.
  ///   - simulationID: whose request it is, for the receivers of signals.
  ///   - correlationID: the same in every note and event of the run, 1–64 characters of `[A-Za-z0-9_-]`; a new UUIDv7
  ///     unless given.
  ///   - meta: what the request's note says besides.
  ///   - handlers: hear the answer as it comes, where this function was called.
  public nonisolated(nonsending) func run(
    _ input: Input, session: String? = nil, simulationID: JSONValue? = nil, correlationID: String? = nil,
    meta: JSONObject = [:], on handlers: StreamHandlers? = nil
  ) async throws(ServiceError) -> Output {
    try await answer(
      to: input, session: session, simulationID: simulationID, correlationID: correlationID, meta: meta,
      on: handlers
    ).value
  }

  /// The same, with the model's reply.
  public nonisolated(nonsending) func answer(
    to input: Input, session: String? = nil, simulationID: JSONValue? = nil, correlationID: String? = nil,
    meta: JSONObject = [:], on handlers: StreamHandlers? = nil
  ) async throws(ServiceError) -> ServiceAnswer<Output> {
    let run = ServiceRun(self, simulationID: simulationID, correlationID: correlationID, meta: meta)
    return try await Context.with {
      $0.identity = run.identity
      $0.request = run.correlationID
      if let session { $0.session = session }
    } run: { () async throws(ServiceError) -> ServiceAnswer<Output> in
      try await run.answer(input, handlers)
    }
  }
}

/// The five signals in the life of a request to a model, and how they are emitted.
///
/// Services find their signals in `Signals.current`; a test replaces them for what runs inside of `Signals.with`:
///
/// ```swift
/// Signals.shared.response.connect(sender: Triage.self) { note in print(note.identity, note.content) }
/// ```
public final class Signals: Sendable {
  /// How much may wait for a receiver, and how long one may take.
  public struct Configuration: Sendable {
    /// Notes that wait to be handed out. Default 10 000; further ones are dropped, counted and reported.
    public var capacity = 10_000
    /// Estimated bytes that wait to be handed out. Default 64 MiB.
    public var capacityBytes = 64 << 20
    /// How long a receiver may take before it is reported. Default 5 s.
    public var hangLimit = Duration.seconds(5)
    /// Run over every note before any receiver sees it, in order: the place to remove personal data. What returns
    /// nil is handed to nobody.
    public var processors: [@Sendable (any SignalNote) -> (any SignalNote)?] = []
    /// Hears of receivers that throw, hang or fall behind, on whatever thread finds out.
    public var onProblem: (@Sendable (SignalProblem) -> Void)?
    public var clock: any EventClock = SystemEventClock()

    public init() {}

    var hangNanoseconds: Int64 { Int64(hangLimit.nanoseconds) }
  }

  /// The ones of the whole process.
  public static let shared = Signals()

  @TaskLocal private static var replacement: Signals?

  /// The signals that services use which are not given others.
  public static var current: Signals { replacement ?? shared }

  /// Runs `body` with other signals in place of the shared ones, child tasks included.
  public nonisolated(nonsending) static func with<Value, Failure: Error>(
    _ signals: Signals, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    // `withValue` rethrows any error; a result carries the typed one through.
    let result: Result<Value, Failure> = await $replacement.withValue(signals) {
      do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// A request is about to be sent.
  public let request: Signal<RequestNote>
  /// A request was answered.
  public let response: Signal<ResponseNote>
  /// A request failed.
  public let failure: Signal<FailureNote>
  /// A piece of a streamed answer came.
  public let streamChunk: Signal<StreamChunkNote>
  /// A stream ended well.
  public let streamComplete: Signal<StreamCompleteNote>

  private let dispatcher: SignalDispatcher
  private let processors: [@Sendable (any SignalNote) -> (any SignalNote)?]

  public init(_ configuration: Configuration = .init()) {
    dispatcher = SignalDispatcher(configuration)
    processors = configuration.processors
    request = Signal(name: "request", dispatcher: dispatcher)
    response = Signal(name: "response", dispatcher: dispatcher)
    failure = Signal(name: "failure", dispatcher: dispatcher)
    streamChunk = Signal(name: "stream_chunk", dispatcher: dispatcher)
    streamComplete = Signal(name: "stream_complete", dispatcher: dispatcher)
  }

  // MARK: Emitting

  /// Emits just before a request is sent. `sender` is the service's type.
  public func emitRequest(_ note: RequestNote, sender: Any.Type? = nil) { send(note, request, sender) }

  /// Emits after a request was answered.
  public func emitResponse(_ note: ResponseNote, sender: Any.Type? = nil) { send(note, response, sender) }

  /// Emits after a request, its stream or the reading of its answer failed.
  public func emitFailure(_ note: FailureNote, sender: Any.Type? = nil) { send(note, failure, sender) }

  /// Emits for every piece of a streamed answer.
  public func emitStreamChunk(_ note: StreamChunkNote, sender: Any.Type? = nil) {
    send(note, streamChunk, sender)
  }

  /// Emits after a stream ended well.
  public func emitStreamComplete(_ note: StreamCompleteNote, sender: Any.Type? = nil) {
    send(note, streamComplete, sender)
  }

  private func send<Note>(_ note: Note, _ signal: Signal<Note>, _ sender: Any.Type?) {
    guard !processors.isEmpty else { return signal.send(note, sender: sender) }
    var cleaned: any SignalNote = note
    for processor in processors {
      guard let next = processor(cleaned) else { return }
      cleaned = next
    }
    if let cleaned = cleaned as? Note { signal.send(cleaned, sender: sender) }
  }

  // MARK: Looking after them

  /// What became of the notes so far.
  public var counts: SignalCounts { dispatcher.counts }

  /// Returns once nothing waits and no receiver runs but those that hang: for tests, and before a program ends.
  public func drained() async { await dispatcher.drained() }
}

/// Work in steps that says how far it is: each step is given what the one before it gave, and the types must join.
///
/// ```swift
/// let chain = Chain("summarise") {
///   Step("load") { (url: String, step) in try await pages(of: url) }
///   Step("count") { (pages: [String]) in pages.count }
/// }
/// let count = try await chain.run("https://example.org/", id: "42")      // live on /ws/chain/42/
/// ```
///
/// A run is a span of the kind `chain`, and each step one of the kind `step` inside of it. Which events it emits, and
/// what a page makes of them, stands in `docs/chains.md`.
public struct Chain<Input: Sendable, Output: Sendable>: Sendable {
  /// What `chain.start` and whoever watches call it.
  public let name: String
  /// How a run behaves; the defaults suit most.
  public var options: ChainOptions
  let segment: ChainSegment<Input, Output>
  private let emitter: Emitter

  /// - Parameter emitter: who is told. `Emitter.shared` discards until it is given an exporter.
  public init(
    _ name: String, emitter: Emitter = .shared, options: ChainOptions = .init(),
    @ChainBuilder steps: () -> ChainSegment<Input, Output>
  ) {
    self.name = name
    self.emitter = emitter
    self.options = options
    segment = steps()
  }

  /// The names of all steps, those of every branch included, in the order of their places.
  public var stepNames: [String] { segment.plan.names(atMost: .max) }

  /// Runs it, in the caller's task: cancelling that cancels the chain.
  ///
  /// - Parameters:
  ///   - id: by which a page watches it, 1–64 characters of `[A-Za-z0-9_-]`: a number, a UUID, a word. A new UUIDv7
  ///     unless given. An id is one run's.
  ///   - metadata: what `chain.start` says about the run.
  public nonisolated(nonsending) func run(
    _ input: Input, id: (any CustomStringConvertible)? = nil, metadata: JSONObject = [:]
  ) async throws(ChainError) -> Output {
    let id = id.map { "\($0)" } ?? EventID.generate().description
    guard isID(id) else {
      throw ChainError(
        .invalidID,
        "\"\(id.prefix(80))\" cannot be a chain's id: it must be 1 to 64 characters of A-Z a-z 0-9 _ -")
    }
    let run = ChainRun(name, id: id, plan: segment.plan, emitter: emitter, options: options)
    return try await run.whole(segment, input, metadata: metadata)
  }

  /// Runs it in a task of its own, in the caller's context; the handle cancels it from anywhere.
  public func start(
    _ input: Input, id: (any CustomStringConvertible)? = nil, metadata: JSONObject = [:]
  ) -> ChainHandle<Output> {
    let id = id.map { "\($0)" } ?? EventID.generate().description
    return ChainHandle(
      id: id,
      task: Task { () async -> Result<Output, ChainError> in
        do throws(ChainError) { return .success(try await run(input, id: id, metadata: metadata)) } catch {
          return .failure(error)
        }
      })
  }
}

/// How a chain is run and told of.
public struct ChainOptions: Sendable {
  /// Inputs, results and messages of progress are told. Default true; without them, events say which steps there
  /// are, when, how long, how far, and of errors only what kind they are.
  public var capturesContent = true
  /// Results that take more bytes are described. Default 64 KiB.
  public var resultBytes = 64 << 10
  /// How long one run waits altogether for an exporter that does not keep up, so that no step is missing; then the
  /// emitter's overflow policy decides. Default 2 s; zero never waits.
  public var patience = Duration.seconds(2)
  /// Measures timeouts, and waits between attempts.
  public var clock: any EventClock = SystemEventClock()

  public init() {}
}

/// A chain that runs. Letting go of it changes nothing.
public struct ChainHandle<Output: Sendable>: Sendable {
  /// By which a page watches it.
  public let id: String
  let task: Task<Result<Output, ChainError>, Never>

  /// Ends it soon: the step under way is cancelled, and the chain ends as `cancelled`.
  public func cancel() { task.cancel() }

  /// What it gives, once it has ended.
  public var value: Output {
    get async throws(ChainError) { try await task.value.get() }
  }
}

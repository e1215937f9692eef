/// What events say about where they belong: trace, span, session, tags and the like.
///
/// The current context is a task local: `Context.with` and `Emitter.withSpan` set it for what runs inside of
/// them, and every event that is emitted there carries it. It is inherited by child tasks and `Task { }`,
/// not by `Task.detached`: hand it over there by `Context.with(context)`.
@dynamicMemberLookup
public struct Context: Sendable {
  /// Where in the program it happens; each at most 256 bytes.
  public struct Source: Sendable, Hashable {
    public var service: String?
    public var module: String?
    public var method: String?

    public init(service: String? = nil, module: String? = nil, method: String? = nil) {
      self.service = service
      self.module = module
      self.method = method
    }
  }

  /// Never changed, so that an event costs a reference, not a copy.
  private final class Storage: Sendable {
    let fields: Fields

    init(_ fields: Fields) { self.fields = fields }
  }

  private var storage: Storage
  private static let empty = Storage(Fields())

  public init() { storage = Self.empty }

  public init(_ fields: Fields) { storage = Storage(fields) }

  public var fields: Fields { storage.fields }

  /// A member of `fields`, as if it were the context's own: `context.session`.
  public subscript<Value>(dynamicMember member: WritableKeyPath<Fields, Value>) -> Value {
    get { storage.fields[keyPath: member] }
    set {
      var fields = storage.fields
      fields[keyPath: member] = newValue
      storage = Storage(fields)
    }
  }

  /// The span, without a copy of the other fields.
  var spanID: SpanID? { storage.fields.span }

  /// Whether both are the same object, which is quick to tell.
  func isIdentical(to other: Context) -> Bool { storage === other.storage }

  /// That of a new span inside of this one, changed on the way. A span without a trace begins one.
  func opening(
    _ change: (inout Fields) -> Void = { _ in }, span: (Fields) -> SpanID = { _ in .generate() }
  ) -> Context {
    var fields = storage.fields
    change(&fields)
    if fields.trace == nil { fields.trace = .generate() }
    fields.parent = storage.fields.span
    fields.span = span(fields)
    return Context(fields)
  }

  /// The trace, without a copy of the other fields.
  var traceID: TraceID? { storage.fields.trace }

  // MARK: The current context

  /// What follows a task, and its children.
  struct Ambient: Sendable {
    var context = Context()
    /// The task that is cancelled with its trace, where there is one.
    var runner: TraceRunner?
  }

  @TaskLocal static var ambient = Ambient()

  /// The context of the running task; changed by `Context.with` and `Emitter.withSpan`.
  public static var current: Context { ambient.context }

  /// The id of the execution that is going on, for correlating what is not an event: the current trace's id.
  public static var execution: String? { current.storage.fields.trace?.description }

  /// Runs `body` with the current context changed: `Context.with { $0.session = "s1" } run: { … }`.
  public nonisolated(nonsending) static func with<Value, Failure: Error>(
    _ change: (inout Context) -> Void, run body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    var context = current
    change(&context)
    return try await with(context, body)
  }

  /// Runs `body` in a context that was captured elsewhere.
  public nonisolated(nonsending) static func with<Value, Failure: Error>(
    _ context: Context, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    // `withValue` rethrows any error; a result carries the typed one through.
    let result: Result<Value, Failure> = await $ambient.withValue(
      Ambient(context: context, runner: ambient.runner)
    ) {
      do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

extension Context: Hashable {
  public static func == (left: Context, right: Context) -> Bool {
    left.isIdentical(to: right) || left.fields == right.fields
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

internal import Signalbox

extension Agent {
  /// Hears of a run's events, where the run was begun.
  public typealias Handler = nonisolated(nonsending) (AgentEvent) async -> Void

  /// Runs until the model answers without asking for tools.
  ///
  /// - Parameters:
  ///   - conversation: what was said before.
  ///   - session: the session of all its events; nil: the context's.
  ///   - handler: hears of everything as it comes, where this function was called; the run waits for it. The last
  ///     thing it hears is `complete` or `error`.
  public nonisolated(nonsending) func run(
    _ message: Message, in conversation: Conversation = .init(), session: String? = nil,
    on handler: Handler? = nil
  ) async throws(AgentError) -> AgentReply {
    var events = stream(message, in: conversation, session: session).makeAsyncIterator()
    while let event = await events.next(isolation: #isolation) {
      await handler?(event)
      switch event {
      case .complete(let reply): return reply
      case .error(let error): throw error
      default: break
      }
    }
    // Every run ends with one of the two.
    throw .cancelled
  }

  /// The same for a user's text.
  public nonisolated(nonsending) func run(
    _ input: String, in conversation: Conversation = .init(), session: String? = nil,
    on handler: Handler? = nil
  ) async throws(AgentError) -> AgentReply {
    try await run(.user(input), in: conversation, session: session, on: handler)
  }

  /// The events of a run. Nothing happens before the stream is read; the run belongs to the context in which this
  /// function was called.
  public func stream(
    _ message: Message, in conversation: Conversation = .init(), session: String? = nil
  ) -> AgentStream {
    var context = Context.current
    if let session { context.session = session }
    if let identity { context.identity = identity }
    return AgentStream(AgentPlan(agent: self, message: message, conversation: conversation, context: context))
  }

  /// The same for a user's text.
  public func stream(
    _ input: String, in conversation: Conversation = .init(), session: String? = nil
  ) -> AgentStream {
    stream(.user(input), in: conversation, session: session)
  }
}

extension AgentError {
  static let cancelled = AgentError(.cancelled, "the run was cancelled")
}

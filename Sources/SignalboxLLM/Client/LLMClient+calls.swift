internal import Signalbox

extension LLMClient {
  // MARK: Streams

  /// The reply as it comes. Nothing is sent before the stream is read; the call belongs to the context in which this
  /// function was called.
  public func stream(_ request: LLMRequest) -> LLMStream {
    LLMStream(CallPlan(client: self, request: request, isStream: true, outer: .current))
  }

  /// The same for a conversation.
  public func stream(
    _ messages: [Message], model: String, options: GenerationOptions = .init()
  ) -> LLMStream {
    stream(LLMRequest(model: model, messages, options: options))
  }

  /// The same for one text of a user.
  public func stream(_ prompt: String, model: String, options: GenerationOptions = .init()) -> LLMStream {
    stream(LLMRequest(model: model, prompt, options: options))
  }

  // MARK: Whole replies

  /// Asks and waits for the whole reply; handlers hear of it as it comes.
  ///
  /// - Parameters:
  ///   - streaming: false sends a plain request: its reply comes in one piece, and handlers still hear start, usage
  ///     and completion.
  ///   - handlers: run one after another where this function was called, inside of the call's span.
  public nonisolated(nonsending) func generate(
    _ request: LLMRequest, streaming: Bool = true, on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> Reply {
    let call = LLMCall(CallPlan(client: self, request: request, isStream: streaming, outer: .current))
    return try await Context.with(call.context) { () async throws(LLMError) -> Reply in
      var result: Result<Reply, LLMError>?
      while let event = await call.next() {
        await handlers?.handle(event)
        switch event {
        case .complete(let event): result = .success(event.reply)
        case .error(let event): result = .failure(event.error)
        default: break
        }
      }
      // Every call ends with one of the two.
      return try (result ?? .failure(.cancelled)).get()
    }
  }

  /// The same for a conversation.
  public nonisolated(nonsending) func generate(
    _ messages: [Message], model: String, options: GenerationOptions = .init(), streaming: Bool = true,
    on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> Reply {
    try await generate(
      LLMRequest(model: model, messages, options: options), streaming: streaming, on: handlers)
  }

  /// The same for one text of a user.
  public nonisolated(nonsending) func generate(
    _ prompt: String, model: String, options: GenerationOptions = .init(), streaming: Bool = true,
    on handlers: StreamHandlers? = nil
  ) async throws(LLMError) -> Reply {
    try await generate(LLMRequest(model: model, prompt, options: options), streaming: streaming, on: handlers)
  }

  /// A text in, a text out.
  public nonisolated(nonsending) func text(
    _ prompt: String, model: String, options: GenerationOptions = .init()
  ) async throws(LLMError) -> String {
    try await generate(prompt, model: model, options: options).text
  }
}

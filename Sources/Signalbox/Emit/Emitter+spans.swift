extension Emitter {
  /// Runs `body` as a span: a start before, an end after it, or an error with the reason `failed` or
  /// `cancelled`. Whatever is emitted inside, in child tasks too, belongs to the span; a span opened inside
  /// is its child.
  ///
  /// ```swift
  /// let docs = try await emitter.withSpan(.retrieval, "products") { span in
  ///   span.progress(0.5)
  ///   return try await search(query)
  /// }
  /// ```
  ///
  /// `provider`, `model` and `tags` are said by every event of the span; the tags come on top of the
  /// context's.
  public nonisolated(nonsending) func withSpan<Value, Failure: Error>(
    _ kind: SpanKind, _ name: String, input: JSONValue? = nil, provider: String? = nil,
    model: String? = nil, tags: [String: String] = [:], _ body: (ActiveSpan) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    try await openSpan(kind, name, input, provider, model, tags).run(body)
  }

  /// The same for work that never waits, also outside of a task.
  ///
  /// (Disfavored, so that in an asynchronous function a body that happens to await nothing is not a different call.)
  @_disfavoredOverload
  public func withSpan<Value, Failure: Error>(
    _ kind: SpanKind, _ name: String, input: JSONValue? = nil, provider: String? = nil,
    model: String? = nil, tags: [String: String] = [:], _ body: (ActiveSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try openSpan(kind, name, input, provider, model, tags).run(body)
  }

  private func openSpan(
    _ kind: SpanKind, _ name: String, _ input: JSONValue?, _ provider: String?, _ model: String?,
    _ tags: [String: String]
  ) -> ActiveSpan {
    var members = JSONObject()
    if let input { members.members = [("input", input)] }
    return openSpan(kind, name, members) { context in
      guard provider != nil || model != nil || !tags.isEmpty else { return }
      context.change {
        if let provider { $0.provider = provider }
        if let model { $0.model = model }
        if !tags.isEmpty { $0.tags.merge(tags) { $1 } }
      }
    }
  }

  /// Opens a span in the task's context, as `change` says it, and tells its start, with these members beside its name;
  /// whoever opens it runs it.
  package func openSpan(
    _ kind: SpanKind, _ name: String, _ members: JSONObject = [:],
    change: (inout Context.Fields) -> Void = { _ in }
  ) -> ActiveSpan {
    let span = ActiveSpan(kind, name, context: Context.current.opening(change), core: core, now: core.now)
    span.start(members)
    return span
  }
}

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
    var context = Context.current
    if let provider { context.provider = provider }
    if let model { context.model = model }
    if !tags.isEmpty { context.tags.merge(tags) { $1 } }
    var members = JSONObject()
    members["input"] = input
    return try await openSpan(kind, name, in: context, members).run(body)
  }

  /// Opens a span and tells its start, with these members beside its name; whoever opens it runs it.
  package func openSpan(
    _ kind: SpanKind, _ name: String, in outer: Context = .current, _ members: JSONObject = [:]
  ) -> ActiveSpan {
    var context = outer
    context.parent = outer.spanID
    context.span = .generate()
    if context.trace == nil { context.trace = .generate() }
    let span = ActiveSpan(kind, name, context: context, core: core, now: core.now)
    span.start(members)
    return span
  }
}

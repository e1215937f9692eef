extension Emitter {
  /// Runs `body` as a span: a start before, an end after it, or an error with the reason `failed` or `cancelled`.
  /// Whatever is emitted inside, in child tasks too, belongs to the span; a span opened inside is its child.
  ///
  /// ```swift
  /// let docs = try await emitter.withSpan(.retrieval, "products") { span in
  ///   span.progress(0.5)
  ///   return try await search(query)
  /// }
  /// ```
  ///
  /// `change` may set members of the span's context, such as `$0.model = "gpt-4o"`.
  public nonisolated(nonsending) func withSpan<Value, Failure: Error>(
    _ kind: SpanKind, _ name: String, input: JSONValue? = nil,
    context change: (inout Context) -> Void = { _ in },
    _ body: (ActiveSpan) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let span = openSpan(kind, name, context: change)
    span.start(input: input)
    do {
      let value = try await Context.with(span.context) { () async throws(Failure) -> Value in
        try await body(span)
      }
      span.end()
      return value
    } catch {
      span.fail(error, isCancelled: error is CancellationError || Task.isCancelled)
      throw error
    }
  }

  private func openSpan(_ kind: SpanKind, _ name: String, context change: (inout Context) -> Void)
    -> ActiveSpan
  {
    var context = Context.current
    context.parent = context.fields.span
    context.span = .generate()
    if context.fields.trace == nil { context.trace = .generate() }
    change(&context)
    return ActiveSpan(kind, name, context: context, core: core, now: core.now)
  }
}

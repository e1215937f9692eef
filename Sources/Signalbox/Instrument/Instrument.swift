/// Runs a piece of a type's method as a span that says whose it is: one line around what is there already.
///
/// ```swift
/// struct RAGPipeline {
///   func retrieve(_ query: String) async throws -> [String] {
///     try await instrument(self, kind: .retrieval, input: query) { try await index.search(query) }
///   }
/// }
/// ```
///
/// Every event inside carries `source` `{module: "RAGPipeline", method: "retrieve"}` and the identity
/// `<Swift module>.retrieval.RAGPipeline`; so do those of child tasks, and spans inside are its children.
///
/// - Parameters:
///   - owner: an object, a value or a type.
///   - name: of the span. Default: `RAGPipeline.retrieve`.
///   - kind: default: a step.
///   - input: what it works on; only looked at when it is told to somebody. Any `Encodable` value.
///   - capture: whether the start has the `input` and the end what the body returns as `output`. What is no JSON is
///     described.
///   - limit: bytes of JSON of either; more is cut, and `input_bytes` or `output_bytes` says how long it was.
///     Default 8 KiB.
///   - tags: on top of the context's.
///   - body: gets the span, for progress, events, `record(usage:)`.
public nonisolated(nonsending) func instrument<Owner, Value, Failure: Error>(
  _ owner: Owner, _ name: String? = nil, kind: SpanKind = .step,
  input: @autoclosure () -> (any Encodable)? = nil, capture: SpanCapture = .all, limit: Int = 8 << 10,
  tags: [String: String] = [:], emitter: Emitter = .shared, function: String = #function,
  _ body: (ActiveSpan) async throws(Failure) -> Value
) async throws(Failure) -> Value {
  let work = InstrumentedWork(
    owner, name, kind, input, capture, limit, tags, emitter, function: function)
  return try await work.span.run(body) { work.record($0) }
}

/// The same for a body that needs nothing of the span.
public nonisolated(nonsending) func instrument<Owner, Value, Failure: Error>(
  _ owner: Owner, _ name: String? = nil, kind: SpanKind = .step,
  input: @autoclosure () -> (any Encodable)? = nil, capture: SpanCapture = .all, limit: Int = 8 << 10,
  tags: [String: String] = [:], emitter: Emitter = .shared, function: String = #function,
  _ body: () async throws(Failure) -> Value
) async throws(Failure) -> Value {
  let work = InstrumentedWork(
    owner, name, kind, input, capture, limit, tags, emitter, function: function)
  return try await work.span.run { _ async throws(Failure) -> Value in
    try await body()
  } finishing: {
    work.record($0)
  }
}

/// The same for a method that never waits.
///
/// (Disfavored, so that in an asynchronous method a body that happens to await nothing is not a different call.)
@_disfavoredOverload
public func instrument<Owner, Value, Failure: Error>(
  _ owner: Owner, _ name: String? = nil, kind: SpanKind = .step,
  input: @autoclosure () -> (any Encodable)? = nil, capture: SpanCapture = .all, limit: Int = 8 << 10,
  tags: [String: String] = [:], emitter: Emitter = .shared, function: String = #function,
  _ body: (ActiveSpan) throws(Failure) -> Value
) throws(Failure) -> Value {
  let work = InstrumentedWork(
    owner, name, kind, input, capture, limit, tags, emitter, function: function)
  return try work.span.run(body) { work.record($0) }
}

/// The same for a method that never waits and a body that needs nothing of the span.
@_disfavoredOverload
public func instrument<Owner, Value, Failure: Error>(
  _ owner: Owner, _ name: String? = nil, kind: SpanKind = .step,
  input: @autoclosure () -> (any Encodable)? = nil, capture: SpanCapture = .all, limit: Int = 8 << 10,
  tags: [String: String] = [:], emitter: Emitter = .shared, function: String = #function,
  _ body: () throws(Failure) -> Value
) throws(Failure) -> Value {
  let work = InstrumentedWork(
    owner, name, kind, input, capture, limit, tags, emitter, function: function)
  return try work.span.run { _ throws(Failure) -> Value in
    try body()
  } finishing: {
    work.record($0)
  }
}

/// The span of a method that runs, and what of its result is told.
private struct InstrumentedWork {
  let span: ActiveSpan
  private let capturesOutput: Bool
  private let limit: Int

  init<Owner>(
    _ owner: Owner, _ name: String?, _ kind: SpanKind, _ input: () -> (any Encodable)?,
    _ capture: SpanCapture, _ limit: Int, _ tags: [String: String], _ emitter: Emitter, function: String
  ) {
    let isTold = emitter.hasExporters
    var members = JSONObject()
    if isTold, capture.contains(.input), let input = input(),
      let captured = CapturedValue(input, limit: limit)
    {
      members.members = [("input", captured.json)]
      if let original = captured.original { members["input_bytes"] = .int(Int64(original)) }
    }
    let method = InstrumentedMethod.of(owner, kind: kind, function: function)
    span = emitter.openSpan(kind, name ?? method.spanName, members) { context in
      method.enter(&context)
      if !tags.isEmpty { context.tags.merge(tags) { $1 } }
    }
    capturesOutput = isTold && capture.contains(.output)
    self.limit = limit
  }

  func record<Value>(_ value: Value) {
    guard capturesOutput, let output = CapturedValue(value, limit: limit) else { return }
    span.output(output.json)
    if let original = output.original { span.record("output_bytes", .int(Int64(original))) }
  }
}

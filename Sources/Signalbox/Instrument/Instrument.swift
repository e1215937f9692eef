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
  let span = emitter.openSpan(
    for: owner, name, kind, capturing: capture.contains(.input), input, limit, tags, function)
  let capturesOutput = capture.contains(.output) && emitter.hasExporters
  return try await span.run { span throws(Failure) -> Value in
    let value = try await body(span)
    if capturesOutput, let output = CapturedValue(value, limit: limit) {
      span.output(output.json)
      if let original = output.original { span.record("output_bytes", .int(Int64(original))) }
    }
    return value
  }
}

/// The same for a body that needs nothing of the span.
public nonisolated(nonsending) func instrument<Owner, Value, Failure: Error>(
  _ owner: Owner, _ name: String? = nil, kind: SpanKind = .step,
  input: @autoclosure () -> (any Encodable)? = nil, capture: SpanCapture = .all, limit: Int = 8 << 10,
  tags: [String: String] = [:], emitter: Emitter = .shared, function: String = #function,
  _ body: () async throws(Failure) -> Value
) async throws(Failure) -> Value {
  try await instrument(
    owner, name, kind: kind, input: input(), capture: capture, limit: limit, tags: tags, emitter: emitter,
    function: function
  ) { _ throws(Failure) -> Value in try await body() }
}

extension Emitter {
  fileprivate func openSpan(
    for owner: Any, _ name: String?, _ kind: SpanKind, capturing isCaptured: Bool,
    _ input: () -> (any Encodable)?, _ limit: Int, _ tags: [String: String], _ function: String
  ) -> ActiveSpan {
    let type = InstrumentedType.of(owner, kind: kind)
    let method = String(function.prefix { $0 != "(" })
    var context = Context.current
    context.source = Context.Source(service: context.source?.service, module: type.name, method: method)
    if let identity = type.identity { context.identity = identity }
    if !tags.isEmpty { context.tags.merge(tags) { $1 } }
    var members = JSONObject()
    if isCaptured, hasExporters, let value = input(), let captured = CapturedValue(value, limit: limit) {
      members["input"] = captured.json
      members["input_bytes"] = captured.original.map { .int(Int64($0)) }
    }
    return openSpan(kind, name ?? "\(type.name).\(method)", in: context, members)
  }
}

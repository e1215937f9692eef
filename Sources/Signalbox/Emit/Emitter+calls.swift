extension Emitter {
  // Calls of tools and models by code that runs them itself and says so before and after. `withSpan(.tool, …)` does
  // both at once, and knows how it ended.

  /// Tells that a tool is called: `tool.start`. `toolResult` with the same `id` ends it.
  ///
  /// - Parameters:
  ///   - name: of the tool.
  ///   - id: of the call, such as the model's `tool_call_id`; unique within its trace or session.
  ///   - arguments: an object.
  ///   - session: whose sockets are told; default: the context's.
  public func toolCall(_ name: String, id: String, arguments: JSONValue = [:], session: String? = nil) {
    let context = Context.current.ofCall(id, session: session)
    core.emit(
      SpanKind.tool.types.start, ["name": .string(name), "id": .string(id), "arguments": arguments],
      phase: .start, context: context)
  }

  /// Tells what a tool gave: `tool.end`, or `tool.error` where it `failed` and the result says why.
  ///
  /// - Parameters:
  ///   - name: as it was called.
  ///   - id: of the call.
  ///   - result: what it gave, or why it failed, as a text.
  ///   - duration: how long it took; default: not said.
  public func toolResult(
    _ name: String, id: String, result: String, duration: Duration? = nil, failed: Bool = false,
    session: String? = nil
  ) {
    let types = SpanKind.tool.types
    var data: JSONObject = ["name": .string(name), "id": .string(id)]
    if failed {
      data["reason"] = .string(SpanReason.failed.rawValue)
      data["message"] = .string(result)
    } else {
      data["result"] = .string(result)
    }
    if let duration { data["timing"] = ["duration_ms": .double(duration / .milliseconds(1))] }
    core.emit(
      failed ? types.error : types.end, .object(data), phase: failed ? .error : .end,
      context: Context.current.ofCall(id, session: session))
  }

  /// Tells a call of a model that is over: `llm.start`, dated back by its duration, and `llm.end` with its tokens.
  ///
  /// - Parameters:
  ///   - model: as the provider names it.
  ///   - provider: `openai`, `anthropic`, …
  ///   - duration: how long it took.
  public func llmCall(
    model: String, provider: String? = nil, usage: TokenUsage, duration: Duration, session: String? = nil
  ) {
    let context = Context.current.opening { context in
      context.model = model
      if let provider { context.provider = provider }
      if let session { context.session = session }
    }
    let now = core.now
    let types = SpanKind.llm.types
    core.emit(
      types.start, ["name": .string(model)], phase: .start, context: context,
      at: now - Int64(duration / .nanoseconds(1)))
    core.emit(
      types.end,
      [
        "name": .string(model), "usage": usage.json,
        "timing": ["duration_ms": .double(duration / .milliseconds(1))],
      ], phase: .end, context: context, at: now)
  }
}

extension Context {
  /// The span of a call that is known by its id alone: the same wherever it is told within the trace, or the session.
  fileprivate func ofCall(_ id: String, session: String?) -> Context {
    opening { context in
      if let session { context.session = session }
      if context.trace == nil {
        let scope = context.session ?? ""
        context.trace = TraceID(high: Self.hash("high", scope, id), low: Self.hash("low", scope, id))
      }
    } span: {
      SpanID(bits: Self.hash($0.trace?.description ?? "", id))
    }
  }

  /// FNV-1a, 64 bits, and never 0, which no id may be.
  private static func hash(_ parts: String...) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for part in parts {
      for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    return max(hash, 1)
  }
}

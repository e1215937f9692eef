internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// `POST /v1/traces/{id}/cancel`: ends what runs of a trace. Calls that go through the gateway are broken off at once;
/// applications are told in the answer to what they send next.
struct CancelEndpoint {
  let shared: ServerShared

  /// - Parameter refused: hears where the visitor may not cancel it; on the exchange's loop.
  func serve(
    _ id: String, _ exchange: HTTPExchange, _ visitor: Visitor, refused: @escaping (APIError) -> Void
  ) {
    guard visitor.grant.cancel else {
      return refused(
        APIError(
          403, "not_yours", "This token does not allow to cancel", field: "cancel",
          hint: "Mint one with \"cancel\": true"))
    }
    nonisolated(unsafe) let refused = refused
    let accepted = shared.readers.submit { reader in
      // A log that cannot be read does not keep the gateway from ending its calls.
      let rows = (try? reader.spans(trace: id)) ?? []
      exchange.loop.execute { cancel(id, rows, exchange, visitor, refused) }
    }
    if !accepted { exchange.respond(APIError.busy) }
  }

  private func cancel(
    _ id: String, _ rows: [SpanRow], _ exchange: HTTPExchange, _ visitor: Visitor,
    _ refused: (APIError) -> Void
  ) {
    let grant = visitor.grant
    guard grant.isEverywhere || grant.traces.contains(id) || rows.contains(where: { grant.sees($0) }) else {
      return refused(
        APIError(
          403, "not_yours", "This token does not give access to the trace \(id.prefix(64))", field: "trace",
          hint: "Ask for a token that names it, or its session"))
    }
    let running = rows.filter { $0.status == .running }
    let producers = Set(running.compactMap(\.producer))
    if !running.isEmpty { shared.cancels.mark(id, producers: producers, at: SystemTime.monotonic) }
    stopCalls(of: id) { calls in
      exchange.loop.execute {
        answer(exchange, id, calls: calls, producers: producers.count, running.count, known: !rows.isEmpty)
      }
    }
  }

  /// Breaks off the calls of the trace on every loop; `done` hears how many those were, on any loop.
  private func stopCalls(of id: String, _ done: @escaping @Sendable (Int) -> Void) {
    let sum = Guarded((calls: 0, missing: shared.loops.count))
    for (loop, place) in shared.loops {
      loop.execute {
        let mine = place.service?.cancelCalls(of: id) ?? 0
        let whole = sum.with { sum -> Int? in
          sum.calls += mine
          sum.missing -= 1
          return sum.missing == 0 ? sum.calls : nil
        }
        if let whole { done(whole) }
      }
    }
  }

  private func answer(
    _ exchange: HTTPExchange, _ id: String, calls: Int, producers: Int, _ running: Int, known: Bool
  ) {
    guard calls > 0 || running > 0 else {
      return exchange.respond(
        known
          ? APIError(409, "trace_over", "Nothing of the trace \(id.prefix(64)) is running")
          : APIError(
            404, "not_found", "There is no trace \(id.prefix(64))", hint: "List them with GET /v1/traces"))
    }
    exchange.respond(json: 202) { writer in
      writer.append("{\"trace\":")
      writer.append(jsonString: id)
      writer.append(",\"calls\":")
      writer.append(decimal: calls)
      writer.append(",\"spans\":")
      writer.append(decimal: running)
      writer.append(",\"producers\":")
      writer.append(decimal: producers)
      writer.append("}")
    }
  }
}

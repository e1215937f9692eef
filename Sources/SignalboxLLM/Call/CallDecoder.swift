internal import JSONScan
package import Wire

/// Turns a copy of one model call's bytes into the events of a span: `llm.start`, `llm.delta` with a gapless
/// index, `llm.usage`, and exactly one `llm.end` or `llm.error`.
///
/// No I/O: it is told what happened and when, and writes events into a builder. Confined to the thread of its
/// `CallTools`. Nothing that it is fed can make it fail; what it cannot read it counts and says.
package final class CallDecoder {
  private let reply: ReplyDecoder
  private var span: CallSpan
  private var requestsUnread = 0

  package init(
    _ format: ReplyFormat, context: CallContext, tools: CallTools,
    limits: ReplyDecoder.Limits = ReplyDecoder.Limits()
  ) {
    reply = ReplyDecoder(format, parser: tools.parser, limits: limits)
    span = CallSpan(format: format, context: context, tools: tools)
  }

  /// Adjacent deltas of one read become one event. Default true.
  package var mergesDeltas: Bool {
    get { span.mergesDeltas }
    set { span.mergesDeltas = newValue }
  }

  /// The last event of the span was written.
  package var isOver: Bool { span.isOver }
  package var request: CallRequest { span.request }
  /// What could not be read of the reply.
  package var counts: ReplyDecoder.Counts { reply.counts }
  /// Something of the call could not be read.
  package var hasUnread: Bool { requestsUnread > 0 || reply.counts != ReplyDecoder.Counts() }

  /// The request was sent. `body` has `JSONParser.padding` readable bytes behind it; nil: it is too large to be
  /// read.
  package func start(
    endpoint: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer?, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    if !span.start(endpoint: endpoint, body: body, at: moment, into: &builder) { requestsUnread += 1 }
  }

  /// The head of the response came. `retryAfter` is in milliseconds; `shouldRetry` is what `x-should-retry` says.
  package func respond(
    status: Int, contentEncoding: UnsafeRawBufferPointer?, retryAfter: Double? = nil, shouldRetry: Bool? = nil
  ) {
    reply.respond(
      status: status, contentEncoding: contentEncoding, retryAfter: retryAfter, shouldRetry: shouldRetry)
  }

  /// A piece of the body came.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    guard !span.isOver else { return }
    reply.receive(bytes) { span.take($0, of: reply, at: moment, into: &builder) }
    span.flush(at: moment, into: &builder)
  }

  /// The body ended as its framing says.
  package func finish(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !span.isOver else { return }
    let failure = reply.finish { span.take($0, of: reply, at: moment, into: &builder) }
    if let failure {
      span.close(reading: failure, of: reply, at: moment, into: &builder)
    } else {
      span.end(of: reply, at: moment, into: &builder)
    }
  }

  /// The transfer broke, or never came about.
  package func fail(_ failure: CallFailure, at moment: Moment, into builder: inout EventBatchBuilder) {
    span.close(reading: failure, of: reply, at: moment, into: &builder)
  }

  /// Tokens used so far and, with `withCost`, what they cost; estimated where the provider has not counted yet.
  package func spent(withCost: Bool) -> (tokens: Int64, cost: Double?) {
    span.spent(of: reply, withCost: withCost)
  }

  /// Nobody waits for the reply any more; what still comes is read on for its usage.
  package func cancel() { span.cancel(reply) }
}

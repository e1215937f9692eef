internal import JSONScan
package import Wire

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Turns a copy of one chat completion's bytes into the events of a span: `llm.start`, `llm.delta` with a gapless
/// index, `llm.usage`, and exactly one `llm.end` or `llm.error`.
///
/// No I/O: it is told what happened and when, and writes events into a builder. Confined to the thread of its
/// `CallTools`. Nothing that it is fed can make it fail; what it cannot read it counts and says.
package final class CallDecoder {
  package struct Limits: Sendable {
    /// Most bytes of one event of a stream. Default 1 MiB.
    package var event = 1 << 20
    /// Most bytes of a reply that is not a stream. Default 16 MiB.
    package var reply = 16 << 20
    /// Most bytes that a compressed reply may inflate to. Default 64 MiB.
    package var inflated = 64 << 20

    package init() {}
  }

  /// What could not be read.
  package struct Counts: Equatable, Sendable {
    /// Requests and payloads that are not JSON, or not what they should be.
    package var malformed = 0
    /// Requests, replies and events over a limit.
    package var tooLarge = 0
    /// Replies in an encoding that is not read here, or a broken one.
    package var unreadable = 0

    package var total: Int { malformed + tooLarge + unreadable }
  }

  private enum Form { case undecided, stream, reply, unread }

  package private(set) var counts = Counts()

  private let tools: CallTools
  private let limits: Limits
  private var span: CallSpan
  private var retryAfter: Double?
  private var content = ContentDecoder(encoding: nil)
  private var form = Form.undecided
  private var events: SSEDecoder
  /// A reply that is no stream, until it is complete.
  private var reply = ByteWriter(capacity: 0)
  private var reader = ChatReader()
  private var chunk = ChatChunk()
  private var template = ChunkTemplate()

  package init(context: CallContext, tools: CallTools, limits: Limits = Limits()) {
    self.tools = tools
    self.limits = limits
    span = CallSpan(context: context, tools: tools)
    events = SSEDecoder(limit: limits.event)
  }

  /// Adjacent deltas of one read become one event. Default true.
  package var mergesDeltas: Bool {
    get { span.mergesDeltas }
    set { span.mergesDeltas = newValue }
  }

  /// The last event of the span was written.
  package var isOver: Bool { span.isOver }
  package var request: CallRequest { span.request }

  // MARK: What happened

  /// The request was sent. `body` has `JSONParser.padding` readable bytes behind it; nil: it is too large to be
  /// read.
  package func start(
    endpoint: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer?, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    if body == nil { counts.tooLarge += 1 }
    if !span.start(endpoint: endpoint, body: body, at: moment, into: &builder) { counts.malformed += 1 }
  }

  /// The head of the response came. `retryAfter` is in milliseconds.
  package func respond(status: Int, contentEncoding: UnsafeRawBufferPointer?, retryAfter: Double? = nil) {
    span.status = status
    self.retryAfter = retryAfter
    content = ContentDecoder(encoding: contentEncoding, limit: limits.inflated)
  }

  /// A piece of the body came.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    guard !span.isOver, form != .unread else { return }
    do throws(ContentDecoder.Failure) {
      try content.decode(bytes) { read($0, at: moment, into: &builder) }
    } catch {
      give(up: error)
    }
    span.flush(at: moment, into: &builder)
  }

  /// The body ended as its framing says.
  package func finish(at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !span.isOver else { return }
    guard span.isSuccess else { return span.close(reading: readFailure(), at: moment, into: &builder) }
    if form == .stream { readRest(at: moment, into: &builder) }
    if form == .reply { readReply(at: moment, into: &builder) }
    if form == .unread || span.isFinished || (form == .reply && span.hasChoices) {
      span.end(at: moment, into: &builder)
    } else if form == .reply {
      fail(.failed, "The reply is not a chat completion", "bad_reply", at: moment, into: &builder)
    } else {
      fail(.incomplete, "The stream ended without its end", "incomplete", at: moment, into: &builder)
    }
  }

  /// The transfer broke, or never came about.
  package func fail(_ failure: CallFailure, at moment: Moment, into builder: inout EventBatchBuilder) {
    span.close(reading: failure, at: moment, into: &builder)
  }

  private func fail(
    _ reason: CallFailure.Reason, _ message: String, _ code: StaticString, at moment: Moment,
    into builder: inout EventBatchBuilder
  ) {
    span.close(
      reading: CallFailure(reason, message, code: code, status: span.status), at: moment, into: &builder)
  }

  /// Nobody waits for the reply any more; what still comes is read on for its usage.
  package func cancel() { span.cancel() }

  // MARK: Reading

  /// A body is a stream unless it begins as a JSON text does, whatever its type says: servers send errors as bare
  /// JSON in place of a stream.
  private func read(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) {
    if form == .undecided, let first = bytes.first(where: { !Self.isSpace($0) }) {
      form = span.isSuccess && first != UInt8(ascii: "{") && first != UInt8(ascii: "[") ? .stream : .reply
    }
    switch form {
    case .stream:
      do throws(SSEError) {
        try readEvents(bytes, at: moment, into: &builder)
      } catch {
        give(up: .tooLarge)
      }
    case .reply:
      guard reply.count + bytes.count <= limits.reply else { return give(up: .tooLarge) }
      reply.append(bytes)
    case .undecided, .unread: break
    }
  }

  /// Takes events of the learnt shape as they lie, and leaves the others to the decoder, one by one.
  private func readEvents(
    _ bytes: UnsafeRawBufferPointer, at moment: Moment, into builder: inout EventBatchBuilder
  ) throws(SSEError) {
    var rest = bytes
    while !rest.isEmpty, !span.isOver {
      if events.isBetweenEvents, let (piece, length) = template.match(rest) {
        span.take(piece, at: moment, into: &builder)
        rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        continue
      }
      let end = Self.endOfEvent(rest)
      try events.feed(UnsafeRawBufferPointer(rebasing: rest[..<end])) {
        take($0, at: moment, into: &builder)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[end...])
    }
  }

  /// Past the first empty line, or all that is there.
  private static func endOfEvent(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var at = 0
    while let found = memchr(base + at, 0x0A, bytes.count - at) {
      at = base.distance(to: UnsafeRawPointer(found)) + 1
      if at < bytes.count, bytes[at] == 0x0A { return at + 1 }
    }
    return bytes.count
  }

  /// The last event of a stream, where its empty line was left out.
  private func readRest(at moment: Moment, into builder: inout EventBatchBuilder) {
    do throws(SSEError) {
      try events.finish(dispatchesRest: true) { take($0, at: moment, into: &builder) }
    } catch {
      give(up: .tooLarge)
    }
    span.flush(at: moment, into: &builder)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private func give(up failure: ContentDecoder.Failure) {
    form = .unread
    reply = ByteWriter(capacity: 0)
    switch failure {
    case .unknownEncoding:
      counts.unreadable += 1
      span.unread = "the content encoding is not read here"
    case .corrupt:
      counts.unreadable += 1
      span.unread = "the compressed reply is broken"
    case .tooLarge:
      counts.tooLarge += 1
      span.unread = "the reply or a part of it is too large"
    }
  }

  /// One event of a stream.
  private func take(_ event: SSEEvent, at moment: Moment, into builder: inout EventBatchBuilder) {
    guard !span.isOver else { return }
    if event.data.elementsEqual("[DONE]") {
      guard span.hasChoices else {
        return fail(
          .incomplete, "The stream ended without an answer", "empty_stream", at: moment, into: &builder)
      }
      return span.end(at: moment, into: &builder)
    }
    do throws(JSONError) {
      let root = try tools.parser.scan(padded: event.data).root
      reader.read(root, into: &chunk)
      if event.type.elementsEqual("error"), chunk.failure == nil { chunk.failure = ChatChunk.Failure(root) }
      span.take(chunk, of: root, event: event.type, at: moment, into: &builder)
      template.learn(event.data, root, chunk)
    } catch {
      counts.malformed += 1
    }
  }

  private func readReply(at moment: Moment, into builder: inout EventBatchBuilder) {
    do throws(JSONError) {
      let root = try tools.parser.scan(copying: reply.raw).root
      reader.read(root, into: &chunk)
      let noName = UnsafeRawBufferPointer(start: nil, count: 0)
      span.take(chunk, of: root, event: noName, at: moment, into: &builder)
      span.flush(at: moment, into: &builder)
    } catch {
      counts.malformed += 1
    }
  }

  /// Why the provider refused.
  private func readFailure() -> CallFailure {
    let status = span.status
    var failure = CallFailure(nil, status: status, fallback: "The provider answered with status \(status)")
    if form == .reply {
      do throws(JSONError) {
        let root = try tools.parser.scan(copying: reply.raw).root
        reader.read(root, into: &chunk)
        failure = CallFailure(
          chunk.failure ?? ChatChunk.Failure(root), status: status,
          fallback: "The provider answered with status \(status)")
      } catch {
        counts.malformed += 1
      }
    }
    failure.status = status
    failure.isRetryable = CallFailure.isRetryable(status)
    failure.retryAfter = retryAfter
    return failure
  }
}

package import JSONScan
internal import Wire

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Something that a reply says; what it points to is valid during the call that hands it out.
package enum ReplyItem {
  case piece(ReplyPiece)
  /// A source, or another note that belongs to an answer.
  case annotation(JSONValueView, choice: Int)
  /// The decoder's `summary` has new numbers of tokens.
  case usage
  /// JSON that means nothing to us.
  case opaque(JSONValueView, event: UnsafeRawBufferPointer)
  /// The provider said, inside a reply that began well, that it failed. Nothing follows.
  case failure(CallFailure)
  /// The reply said that it is complete. Nothing follows.
  case end
}

/// Turns the bytes of one reply, in any provider's format, into what they say.
///
/// No I/O: it is fed bytes, split anywhere. Nothing that it is fed can make it fail; what it cannot read it counts
/// and says. Confined to the thread of its parser.
package final class ReplyDecoder {
  package struct Limits: Sendable {
    /// Most bytes of one event of a stream, where the format's events never hold a whole reply. Default 1 MiB.
    package var event = 1 << 20
    /// Most bytes of a reply that is not a stream, or of an event that may hold one. Default 16 MiB.
    package var reply = 16 << 20
    /// Most bytes that a compressed reply may inflate to. Default 64 MiB.
    package var inflated = 64 << 20

    package init() {}
  }

  /// What could not be read.
  package struct Counts: Equatable, Sendable {
    /// Payloads that are not JSON, or not what they should be.
    package var malformed = 0
    /// Replies and events over a limit.
    package var tooLarge = 0
    /// Replies in an encoding that is not read here, or a broken one.
    package var unreadable = 0
  }

  private enum Form { case undecided, stream, reply, unread }

  package private(set) var counts = Counts()
  package private(set) var summary: ReplySummary
  /// Why the reply was not read, where it was not.
  package private(set) var unread: StaticString?
  /// Of the response; 0: none came.
  package private(set) var status = 0

  private let format: ReplyFormat
  private let parser: JSONParser
  private let limits: Limits
  private var retryAfter: Double?
  private var shouldRetry: Bool?
  private var content = ContentDecoder(encoding: nil)
  private var form = Form.undecided
  private var framer: ReplyFramer
  /// A reply that is no stream, until it is complete.
  private var whole = ByteWriter(capacity: 0)
  private var reader: ReplyReader
  private var part = ReplyPart()
  private let template: ChunkTemplate
  /// The reply failed or ended: what follows is not read.
  private var isOver = false

  package init(_ format: ReplyFormat, parser: JSONParser, limits: Limits = Limits()) {
    self.format = format
    self.parser = parser
    self.limits = limits
    summary = ReplySummary(format)
    reader = ReplyReader(format)
    let limit = format.hasLongPayloads ? max(limits.event, limits.reply) : limits.event
    template = ChunkTemplate(format, limit: limit)
    framer = ReplyFramer(limit: limit)
  }

  /// The response's status says that it carries a reply.
  package var isSuccess: Bool { 200..<300 ~= status }

  /// The head of the response came. `retryAfter` is in milliseconds; `shouldRetry` is what `x-should-retry` says.
  package func respond(
    status: Int, contentEncoding: UnsafeRawBufferPointer?, retryAfter: Double? = nil, shouldRetry: Bool? = nil
  ) {
    self.status = status
    self.retryAfter = retryAfter
    self.shouldRetry = shouldRetry
    content = ContentDecoder(encoding: contentEncoding, limit: limits.inflated)
  }

  /// A piece of the body came.
  package func receive(_ bytes: UnsafeRawBufferPointer, _ body: (ReplyItem) -> Void) {
    guard !isOver, form != .unread else { return }
    do throws(ContentDecoder.Failure) {
      try content.decode(bytes) { read($0, body) }
    } catch {
      give(up: error)
    }
  }

  /// The body ended as its framing says. Returns why the reply is no success; nil when it is one, or when it could
  /// not be read (then `unread` says why) and only its status speaks for it.
  package func finish(_ body: (ReplyItem) -> Void) -> CallFailure? {
    guard isSuccess else { return readRefusal() }
    if form == .stream {
      framer.finish { takePayload($0, event: $1, body) }
      readStray(body)
    }
    if form == .reply { readWhole(body) }
    guard !isOver, form != .unread else { return nil }
    if summary.isFinished || form == .reply && summary.hasChoices { return nil }
    return form == .reply
      ? CallFailure(
        .failed, "The reply is not what this endpoint answers", code: "bad_reply", status: status)
      : CallFailure(.incomplete, "The stream ended without its end", code: "incomplete", status: status)
  }

  // MARK: Reading

  private func read(_ input: UnsafeRawBufferPointer, _ body: (ReplyItem) -> Void) {
    var bytes = input
    if form == .undecided {
      guard let start = bytes.firstIndex(where: { !Self.isSpace($0) }) else { return }
      bytes = UnsafeRawBufferPointer(rebasing: bytes[start...])
      if isSuccess, let framing = format.framing(first: bytes[0]) {
        form = .stream
        framer.begin(framing)
      } else {
        form = .reply
      }
    }
    switch form {
    case .stream: readStream(bytes, body)
    case .reply:
      guard whole.count + bytes.count <= limits.reply else { return give(up: .tooLarge) }
      whole.append(bytes)
    case .undecided, .unread: break
    }
  }

  /// Takes events of the learnt shape as they lie, and leaves the others to the framer, one by one.
  private func readStream(_ bytes: UnsafeRawBufferPointer, _ body: (ReplyItem) -> Void) {
    var rest = bytes
    while !rest.isEmpty, !isOver, form != .unread {
      if framer.isBetweenEvents, let (piece, length) = template.match(rest) {
        body(.piece(piece))
        rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        continue
      }
      let end = template.hasShape && framer.framing == .events ? Self.endOfEvent(rest) : rest.count
      let isRead = framer.feed(UnsafeRawBufferPointer(rebasing: rest[..<end])) {
        takePayload($0, event: $1, body)
      }
      guard isRead else { return give(up: framer.isCorrupt ? .corrupt : .tooLarge) }
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

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  /// What comes behind the end is nobody's: that it cannot be read says nothing of the reply.
  private func give(up failure: ContentDecoder.Failure) {
    guard !isOver else { return }
    form = .unread
    whole = ByteWriter(capacity: 0)
    switch failure {
    case .unknownEncoding:
      counts.unreadable += 1
      unread = "the content encoding is not read here"
    case .corrupt:
      counts.unreadable += 1
      unread = "the reply's encoding is broken"
    case .tooLarge:
      counts.tooLarge += 1
      unread = "the reply or a part of it is too large"
    }
  }

  /// One payload of a stream; `padding` bytes are readable behind it.
  private func takePayload(
    _ payload: UnsafeRawBufferPointer, event: UnsafeRawBufferPointer, _ body: (ReplyItem) -> Void
  ) {
    guard !isOver else { return }
    if payload.elementsEqual("[DONE]") {
      guard format.endsWithDone else { return }
      guard summary.hasChoices else {
        return fail(
          CallFailure(
            .incomplete, "The stream ended without an answer", code: "empty_stream", status: status), body)
      }
      return end(body)
    }
    if let piece = template.match(payload: payload, event: event) { return body(.piece(piece)) }
    do throws(JSONError) {
      let root = try parser.scan(padded: payload).root
      take(root, event: event, body)
      template.learn(payload, event: event, root, part)
    } catch {
      counts.malformed += 1
    }
  }

  private func take(_ root: JSONValueView, event: UnsafeRawBufferPointer, _ body: (ReplyItem) -> Void) {
    reader.read(root, event: event, into: &part)
    if part.failure == nil, event.elementsEqual("error") { part.failure = ReplyPart.Failure(root) }
    summary.take(part)
    for piece in part.pieces { body(.piece(piece)) }
    for annotation in part.annotations { body(.annotation(annotation.value, choice: annotation.choice)) }
    for value in part.opaques { body(.opaque(value, event: event)) }
    if part.usage != nil { body(.usage) }
    if let failure = part.failure {
      fail(
        CallFailure(failure, status: nil, fallback: "The provider reported an error", format: format), body)
    } else if part.isOpaque {
      body(.opaque(root, event: event))
    } else if part.isEnd {
      end(body)
    }
  }

  private func end(_ body: (ReplyItem) -> Void) {
    isOver = true
    body(.end)
  }

  private func fail(_ failure: CallFailure, _ body: (ReplyItem) -> Void) {
    isOver = true
    body(.failure(failure))
  }

  /// A stream that did not end may hold an error as bare JSON, without the framing of an event.
  private func readStray(_ body: (ReplyItem) -> Void) {
    guard !isOver, !summary.isFinished else { return }
    let stray = framer.takeStray()
    guard !stray.isEmpty else { return }
    do throws(JSONError) {
      var text = ByteWriter(capacity: stray.count)
      text.append(stray)
      let root = try parser.scan(copying: text.raw).root
      reader.read(root, event: Self.noName, into: &part)
      guard let failure = part.failure else { return }
      fail(
        CallFailure(failure, status: nil, fallback: "The provider reported an error", format: format), body)
    } catch {
      counts.malformed += 1
    }
  }

  private static var noName: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  private func readWhole(_ body: (ReplyItem) -> Void) {
    do throws(JSONError) {
      take(try parser.scan(copying: whole.raw).root, event: Self.noName, body)
    } catch {
      counts.malformed += 1
    }
  }

  /// Why the provider refused.
  private func readRefusal() -> CallFailure {
    let fallback = "The provider answered with status \(status)"
    var failure = CallFailure(nil, status: status, fallback: fallback, format: format)
    if form == .reply {
      do throws(JSONError) {
        let root = try parser.scan(copying: whole.raw).root
        reader.read(root, event: Self.noName, into: &part)
        failure = CallFailure(
          part.failure ?? ReplyPart.Failure(root), status: status, fallback: fallback, format: format)
      } catch {
        counts.malformed += 1
      }
    }
    failure.status = status
    failure.isRetryable = FailureRules.isRetryable(
      failure.verdict(format).isRetryable, status: status, shouldRetry: shouldRetry)
    failure.retryAfter = retryAfter
    return failure
  }
}

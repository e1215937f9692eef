internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// What the loops of a server have in common.
final class ServerShared: Sendable {
  let configuration: ServerConfiguration
  let log: EventLog
  let readers: ReaderPool
  let keys: KeyRing
  let tokens: TokenAuthority
  let rates: RateLimits
  let audit: AuditLog?
  let cancels = CancelBoard()
  let redactions: RedactionLedger
  let loops: [(loop: EventLoop, place: LoopPlace)]
  let chat: ChatDesk
  let started = SystemTime.monotonic

  init(
    configuration: ServerConfiguration, log: EventLog, readers: ReaderPool, keys: KeyRing,
    tokens: TokenAuthority, redactions: RedactionLedger, loops: [(loop: EventLoop, place: LoopPlace)]
  ) {
    self.configuration = configuration
    self.log = log
    self.readers = readers
    self.keys = keys
    self.tokens = tokens
    rates = RateLimits(perKey: configuration.ratePerKey, perAddress: configuration.ratePerAddress)
    audit = configuration.audit.map { AuditLog(write: $0) }
    self.redactions = redactions
    self.loops = loops
    chat = ChatDesk(log: log, handler: configuration.chat)
  }

  /// Reads a page on a reader's thread and hands it back on the loop; false when too many are waiting.
  func readPage(
    _ request: LivePageRequest, on loop: EventLoop, limit: Int, _ done: @escaping (LivePage) -> Void
  ) -> Bool {
    // The closure is the loop's own: it travels through the reader's thread, and runs on the loop only.
    nonisolated(unsafe) let done = done
    let log = log
    return readers.submit { reader in
      let page = reader.livePage(request, log: log, limit: limit)
      loop.execute { done(page) }
    }
  }

  func answerReady(_ exchange: HTTPExchange) {
    if let problem = log.unavailable {
      exchange.respond(APIError(503, "not_ready", problem, retryAfter: 5))
    } else {
      exchange.respond(200, headers: [("Content-Type", "text/plain")], body: "ready\n")
    }
  }
}

extension LogReader {
  /// The offset of the first event of what the filter names, whatever its type; nil when there is none yet.
  func firstOffset(matching filter: EventFilter) throws -> UInt64? {
    var named = filter
    named.types = []
    named.tags = []
    return try events(after: 0, filter: named, limit: 1).offsets.first
  }

  /// A page of events in a viewer's form. Stretches that cannot be read are told by a control message in their
  /// place; one that retention has taken is a failure.
  func livePage(_ request: LivePageRequest, log: EventLog, limit: Int) -> LivePage {
    do {
      let page = try events(
        after: request.from - 1, upTo: request.to, filter: request.filter, limit: 4096, bytes: limit)
      if page.gaps.contains(where: { $0.reason == .trimmed }) {
        return LivePage(bytes: nil, next: request.from, failure: .trimmed)
      }
      var gaps = page.gaps[...]
      var writer = ByteWriter(capacity: page.batch.bytes.count + page.batch.count * 64)
      var starts: [(start: Int, time: Int64)] = []
      let framer = EventFramer()
      var count: UInt64 = 0
      for (slot, offset) in zip(page.batch.slots, page.offsets) {
        while let gap = gaps.first, gap.offsets.upperBound <= offset {
          writer.append(gaps.removeFirst(), log, as: request.format)
        }
        if request.timed { starts.append((writer.count, slot.time)) }
        let position = log.position(of: offset)
        if framer.append(
          slot, in: page.batch.bytes.raw, at: position, as: request.format, view: request.view, to: &writer)
        {
          count += 1
        }
      }
      for gap in gaps { writer.append(gap, log, as: request.format) }
      var answer = LivePage(
        bytes: writer.count > 0 ? SharedBytes(taking: writer) : nil, next: page.scannedTo + 1)
      answer.events = starts
      answer.count = count
      answer.missing = page.gaps.reduce(0) { $0 + UInt64($1.offsets.count) }
      return answer
    } catch {
      return LivePage(bytes: nil, next: request.from, failure: .unreadable)
    }
  }
}

extension ByteWriter {
  /// Says that a stretch was stored and cannot be given.
  fileprivate mutating func append(_ gap: LogPage.Gap, _ log: EventLog, as format: EventFormat) {
    if case .dialect(let dialect) = format {
      let first = log.position(of: gap.offsets.lowerBound)
      return dialect.append(gap: (first, log.position(of: gap.offsets.upperBound - 1)), to: &self)
    }
    var json = ByteWriter(capacity: 160)
    json.append("{\"control\":\"gap\",")
    json.append(range: gap, log)
    json.append("}")
    append(control: json.raw, as: format)
  }

  /// Writes the members that describe a gap: its first and last position, and why.
  mutating func append(range gap: LogPage.Gap, _ log: EventLog) {
    append("\"first\":\"")
    append(log.position(of: gap.offsets.lowerBound))
    append("\",\"last\":\"")
    append(log.position(of: gap.offsets.upperBound - 1))
    append("\",\"reason\":")
    append(jsonString: gap.reason.rawValue)
  }
}

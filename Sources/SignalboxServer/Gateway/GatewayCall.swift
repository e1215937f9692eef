internal import CUV
internal import Fetch
internal import Net
internal import Signalbox
internal import SignalboxLLM
internal import Wire

/// One request on its way through the gateway. Confined to its loop.
final class GatewayCall: FetchHandler {
  private let gateway: Gateway
  private let queueLimit: Int
  private let route: GatewayRoute
  /// Nil once nobody waits for the answer.
  private var exchange: HTTPExchange?
  private var transfer: FetchTransfer?
  private var tap: CallTap?
  /// The request was asked for its usage, which the client does not expect.
  private var asksForUsage = false
  /// Takes the answer to that out.
  private var filter: UsageChunkFilter?
  private var record: CallRecord?
  /// Body bytes of this iteration, and how many of them the client was given.
  private var piece: PaddedBuffer?
  private var given = 0
  /// Bytes that waited for the client when the turn began.
  private var queued = 0
  /// Bytes that are missing of a body with a length.
  private var owed: Int?
  private var isPaused = false
  /// Ends the reading on for a client that has gone.
  private var limit: LoopTimer?
  private var began: UInt64 = 0
  /// Time spent here before the request left.
  private var spent: UInt64 = 0
  /// When the answer's head came; nil before, and once its delay was counted.
  private var headCame: UInt64?
  private var budget = CallBudget()

  init(gateway: Gateway, exchange: HTTPExchange, route: GatewayRoute) {
    self.gateway = gateway
    queueLimit = gateway.configuration.queueLimit
    self.exchange = exchange
    self.route = route
  }

  private var upstream: GatewayUpstream { configuration.upstreams[route.upstream] }
  private var configuration: GatewayConfiguration { gateway.configuration }

  // MARK: The way up

  /// Sends the request. `body` is valid during the call.
  func start(_ body: UnsafeRawBufferPointer) {
    guard let exchange else { return }
    began = uv_hrtime()
    var headers = GatewayHeaders(exchange.head)
    if let problem = headers.badBudget {
      return exchange.respond(GatewayProblem(status: 400, code: "invalid_budget", message: problem))
    }
    let hasBody = exchange.head.body != .none
    let copy = hasBody ? SharedBytes(padding: body) : nil
    gateway.counts.ignoredHeaders += headers.ignored
    gateway.counts.active += 1
    gateway.counts.bytesUp += body.count
    let url = route.url(exchange.head, upstream: upstream)
    var outgoing = copy
    let format = route.format(exchange.head)
    if let copy, format == .chat,
      let asked = GatewayUsage.ask(
        copy, of: upstream, url: url, head: exchange.head, parser: gateway.tools.parser)
    {
      outgoing = asked
      asksForUsage = true
      headers.refuseCompression()
      gateway.counts.usageAsked += 1
    }
    if let format {
      tap = CallTap(format, gateway: gateway, head: exchange.head, route: route, headers: headers, body: copy)
      gateway.visitAfterFlush(self)
      if let tap { gateway.began(self, trace: tap.trace) }
      budget.begin(configuration.budget.tightened(by: headers.budget), on: gateway.loop) { [weak self] in
        self?.exceeded($0)
      }
      record = configuration.recorder.map { recorder in
        CallRecord(
          recorder.begin(
            method: exchange.head.methodName, path: route.target(exchange.head), body: body))
      }
    } else {
      gateway.counts.untapped += 1
    }
    exchange.onClose = { [unowned self] in clientLeft() }
    exchange.onDrain = { [unowned self] in resumeSoon() }
    let request = FetchRequest(
      exchange.head.methodName, url, headers: headers.passed, body: outgoing,
      timeouts: configuration.timeouts, tls: configuration.tls)
    do throws(FetchError) {
      transfer = try gateway.multi.start(request, handler: self)
      gateway.multi.kick()
      spent = uv_hrtime() - began
    } catch {
      ended(error)
    }
  }

  // MARK: The way down

  func fetch(_ transfer: FetchTransfer, head: FetchHead) {
    guard !head.hasTwoLengths else {
      // libcurl takes one of them. What two readers cut off at different places is not passed on.
      gateway.multi.cancel(transfer)
      return ended(FetchError(.malformedResponse, "\(upstream.name) announced two lengths for one answer"))
    }
    gateway.counts.answered(upstream.name, status: head.status)
    headCame = uv_hrtime()
    tap?.head(head)
    record?.head(
      head, removingUsageWith: asksForUsage && head.isPlainStream ? gateway.tools.parser : nil)
    guard let exchange else { return }
    owed = head.bodyLength
    if asksForUsage, head.isPlainStream {
      filter = UsageChunkFilter(parser: gateway.tools.parser)
      owed = nil
    }
    exchange.begin(head, length: owed)
  }

  func fetch(_ transfer: FetchTransfer, body: UnsafeRawBufferPointer) -> FetchFlow {
    // This runs once a chunk: what a turn needs once is done with its first.
    let piece = self.piece ?? beginTurn()
    piece.append(body)
    record?.body(body)
    guard queued + piece.count > queueLimit, exchange != nil else { return .proceed }
    isPaused = true
    return .pause
  }

  private func beginTurn() -> PaddedBuffer {
    let piece = gateway.takeBuffer()
    self.piece = piece
    queued = exchange?.queuedBytes ?? 0
    return piece
  }

  func fetchTurnEnded(_ transfer: FetchTransfer) {
    give()
    tap?.arrived()
    budget.sign()
    gateway.visitAfterFlush(self)
  }

  /// Gives the client what came since the last time.
  private func give() {
    guard let piece, piece.count > given else { return }
    let fresh = UnsafeRawBufferPointer(rebasing: piece.bytes[given...])
    given = piece.count
    gateway.counts.bytesDown += fresh.count
    guard let exchange else { return }
    if let owed {
      // libcurl cuts a body off at its length; were it ever longer, nothing whole could come of it.
      guard fresh.count <= owed else { return exchange.abort() }
      self.owed = owed - fresh.count
    }
    guard filter != nil else { return exchange.write(fresh) }
    write(to: exchange) { out in filter?.feed(fresh) { out.append($0) } }
  }

  /// Gives the client in one piece what the closure leaves of the answer.
  private func write(to exchange: HTTPExchange, _ body: (PaddedBuffer) -> Void) {
    let out = gateway.takeBuffer()
    body(out)
    if out.count > 0 { exchange.write(UnsafeRawBufferPointer(out.bytes)) }
    gateway.giveBack(out)
  }

  func fetch(_ transfer: FetchTransfer, ended end: FetchEnd) { ended(end.error) }

  private func ended(_ error: FetchError?, stopped: CallFailure? = nil) {
    transfer = nil
    budget.end()
    if let tap { gateway.ended(self, trace: tap.trace) }
    record?.ended(error)
    record = nil
    stopReadingOn()
    gateway.counts.active -= 1
    if let exchange {
      if filter != nil { write(to: exchange) { out in filter?.finish { out.append($0) } } }
      if let error {
        if exchange.hasBegun {
          exchange.abort()
        } else if let stopped {
          exchange.respond(GatewayProblem(stopped: stopped))
        } else {
          answer(error, to: exchange)
        }
      } else {
        exchange.finish()
      }
    }
    exchange = nil
    guard let tap else { return }
    tap.ended(error)
    gateway.visitAfterFlush(self)
  }

  private func answer(_ error: FetchError, to exchange: HTTPExchange) {
    gateway.counts.answered(upstream.name, status: 0)
    exchange.respond(GatewayProblem(error, upstream: upstream.name))
  }

  // MARK: The tap

  /// The client has been given what came: now the tap may read it.
  func afterFlush() {
    if let headCame {
      self.headCame = nil
      gateway.counts.added(nanoseconds: spent + (uv_hrtime() - headCame))
    }
    readTap()
    // What was queued may have left at once; then no drain is announced.
    if isPaused, exchange?.queuedBytes == 0 { resumeSoon() }
  }

  private func readTap() {
    let piece = self.piece
    self.piece = nil
    given = 0
    tap?.read(piece.map { UnsafeRawBufferPointer($0.bytes) } ?? UnsafeRawBufferPointer(start: nil, count: 0))
    if let piece { gateway.giveBack(piece) }
    guard budget.isCounted, transfer != nil, let tap else { return }
    let spent = tap.spent(withCost: budget.limits.cost != nil)
    guard let limit = budget.limits.exceeded(tokens: spent.tokens, cost: spent.cost) else { return }
    // In the loop's next iteration: not in the middle of the reading.
    gateway.loop.timer(after: 0) { [self] in exceeded(limit) }
  }

  // MARK: Ends before its time

  private func exceeded(_ limit: Budget.Limit) {
    var failure = CallFailure(.cancelled, budget.limits.sentence(limit), code: "budget_exceeded")
    failure.budget = limit
    stop(failure)
  }

  /// Breaks the upstream's answer off and says why; a client that has a part of the answer finds it cut off.
  func stop(_ failure: CallFailure) {
    guard let transfer else { return }
    gateway.counts.stopped(failure.budget)
    gateway.multi.cancel(transfer)
    readTap()
    tap?.stop(failure)
    ended(FetchError(.cancelled, "The call was ended before its time"), stopped: failure)
  }

  // MARK: Clients that are slow, or gone

  /// In the loop's next iteration: not in the middle of the writing.
  private func resumeSoon() {
    guard isPaused else { return }
    gateway.loop.timer(after: 0) { [self] in resume() }
  }

  private func resume() {
    guard isPaused, let transfer else { return }
    isPaused = false
    gateway.multi.resume(transfer)
  }

  /// A chat completion is read on to its usage, within bounds; anything else ends here.
  private func clientLeft() {
    exchange = nil
    guard transfer != nil else { return }
    guard let tap, gateway.readOn.count < configuration.drainLimit, !gateway.isDraining else {
      return breakOff()
    }
    readTap()
    tap.cancel()
    gateway.readOn[ObjectIdentifier(self)] = self
    limit = gateway.loop.timer(after: configuration.drainSeconds * 1000) { [self] in breakOff() }
    resumeSoon()
  }

  /// Ends the call although more would come.
  func breakOff() {
    guard let transfer else { return }
    gateway.multi.cancel(transfer)
    tap?.cancel()
    ended(FetchError(.cancelled, "The client went away"))
  }

  private func stopReadingOn() {
    guard let limit else { return }
    limit.cancel()
    self.limit = nil
    gateway.readOn[ObjectIdentifier(self)] = nil
  }
}

extension HTTPExchange {
  /// Begins the answer with an upstream's head, as it came.
  fileprivate func begin(_ head: FetchHead, length: Int?) {
    let named = HopByHop(head)
    begin(head.status, reason: head.reason, framing: length.map(HTTPFraming.length) ?? .chunked) { out in
      head.forEachHeader { name, value in
        guard !HopByHop.isAlways(name), !named.contains(name) else { return }
        out.append(name)
        out.append(": ")
        out.append(value)
        out.append("\r\n")
      }
    }
  }
}

extension FetchHead {
  /// The length that is announced; nil where the body ends otherwise.
  fileprivate var bodyLength: Int? {
    var length: Int?
    var isChunked = false
    forEachHeader { name, value in
      if HTTPCharacters.equal(name, "content-length") {
        length = Int(String(decoding: value, as: UTF8.self))
      } else if HTTPCharacters.equal(name, "transfer-encoding") {
        isChunked = true
      }
    }
    return isChunked ? nil : length.flatMap { $0 >= 0 ? $0 : nil }
  }

  fileprivate var hasTwoLengths: Bool {
    var length: [UInt8]?
    var differ = false
    forEachHeader { name, value in
      guard HTTPCharacters.equal(name, "content-length") else { return }
      if let length, !value.elementsEqual(length) { differ = true }
      length = Array(value)
    }
    return differ
  }

  /// The reason phrase of the status line; nil where HTTP/2 has none.
  fileprivate var reason: String? {
    let line = raw.prefix { $0 != 0x0D && $0 != 0x0A }
    let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 && !parts[2].isEmpty ? String(decoding: parts[2], as: UTF8.self) : nil
  }
}

extension SharedBytes {
  /// A copy behind which bytes may be read, as the JSON scanner wants it.
  fileprivate convenience init(padding bytes: UnsafeRawBufferPointer) {
    var writer = ByteWriter(capacity: bytes.count + PaddedBuffer.padding)
    writer.append(bytes)
    self.init(taking: writer)
  }
}

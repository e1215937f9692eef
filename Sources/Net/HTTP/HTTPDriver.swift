import Wire

/// Speaks HTTP/1.1 on a connection: one request at a time, the next when the answer is finished.
final class HTTPDriver: ConnectionDriver {
  private enum State {
    /// Waiting for a request or in the middle of its head.
    case head
    /// Gathering a body.
    case body(BodyReader)
    /// Throwing a body away that the service does not want.
    case discarding(BodyReader)
    /// The body is done with, the answer is not.
    case answering
    /// The last answer is written; what still comes is thrown away until the peer closes.
    case lingering
  }

  /// Unparsed bytes kept while an answer is under way; more stops the reading.
  private static let backlogLimit = 64 << 10
  /// While more than this waits for the peer, no further request is begun.
  private static let outputLimit = 256 << 10
  /// The longest unwanted body that is read to keep a connection usable.
  private static let discardLimit = 256 << 10

  /// How long the peer gets to close after the last answer.
  private static let lingerSeconds: UInt64 = 2

  let connection: Connection
  private let service: any HTTPService
  let limits: HTTPServerLimits
  private var parser: HTTPRequestParser
  private var state = State.head
  private var exchange: HTTPExchange?
  private var pending: PaddedBuffer?
  private var isProcessing = false
  private var isPlanning = false
  private var peerEnded = false
  private var isDraining = false
  private var lingered = 0
  /// Bytes of the body since its deadline was set.
  private var progress = 0
  /// Whether the connection outlives the current answer.
  var keepsAlive = true

  init(_ connection: Connection, _ service: any HTTPService, _ limits: HTTPServerLimits) {
    self.connection = connection
    self.service = service
    self.limits = limits
    parser = HTTPRequestParser(limits: limits.http)
  }

  func start() {
    connection.setDeadline(seconds: limits.headSeconds)
    connection.startReading()
  }

  // MARK: - Input

  func received(_ bytes: UnsafeMutableRawBufferPointer) {
    if case .lingering = state { return linger(bytes.count) }
    if let pending {
      pending.append(UnsafeRawBufferPointer(bytes))
      processPending()
    } else {
      let taken = process(UnsafeRawBufferPointer(bytes))
      keep(UnsafeMutableRawBufferPointer(rebasing: bytes[taken...]))
    }
  }

  private func processPending() {
    guard let buffer = pending, !isProcessing else { return }
    let taken = process(UnsafeRawBufferPointer(buffer.bytes))
    guard connection.driver === self else {
      pending = nil
      return handOver(UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[taken...]))
    }
    if taken == buffer.count { pending = nil } else { buffer.removeFirst(taken) }
    pauseOrResume()
  }

  private func keep(_ rest: UnsafeMutableRawBufferPointer) {
    guard connection.driver === self else { return handOver(rest) }
    guard rest.count > 0 else { return }
    let buffer = PaddedBuffer(capacity: rest.count)
    buffer.append(UnsafeRawBufferPointer(rest))
    pending = buffer
    pauseOrResume()
  }

  /// The connection speaks something else now: what came behind the request is the other driver's.
  private func handOver(_ rest: UnsafeMutableRawBufferPointer) {
    if rest.count > 0, !connection.isClosed { connection.driver?.received(rest) }
  }

  /// Reads on only while what nobody takes yet is bounded.
  private func pauseOrResume() {
    if waits, let pending, pending.count >= HTTPDriver.backlogLimit {
      connection.stopReading()
    } else if !peerEnded {
      connection.startReading()
    }
  }

  /// Nothing is parsed before an answer is finished or written.
  private var waits: Bool {
    switch state {
    case .answering: true
    case .head: isBlocked
    case .body, .discarding, .lingering: false
    }
  }

  /// Takes what can be taken now and says how much it was.
  private func process(_ window: UnsafeRawBufferPointer) -> Int {
    isProcessing = true
    defer { isProcessing = false }
    var at = 0
    while !connection.isClosed, connection.driver === self {
      let rest = UnsafeRawBufferPointer(rebasing: window[at...])
      switch state {
      case .head:
        if rest.isEmpty || isBlocked { return at }
        let isFirstPart = !parser.hasBegun
        switch parser.parse(rest) {
        case .needMore:
          if isFirstPart { connection.setDeadline(seconds: limits.headSeconds) }
          return at
        case .head(let head, let consumed):
          at += consumed
          begin(head)
        case .error(let error):
          refuse(error)
          return window.count
        }
      case .body(let reader):
        switch reader.take(rest) {
        case .needMore:
          progress += rest.count
          if progress >= limits.bodyProgress {
            progress = 0
            connection.setDeadline(seconds: limits.bodySeconds)
          }
          return window.count
        case .whole(let body, let taken):
          at += taken
          state = .answering
          connection.clearDeadline()
          if let exchange { service.serve(exchange, body: body) }
        case .error(let error):
          refuse(error)
          return window.count
        }
      case .discarding(let reader):
        switch reader.take(rest) {
        case .needMore: return window.count
        case .whole(_, let taken):
          at += taken
          state = .answering
          if exchange == nil { nextRequest() }
        case .error:
          keepsAlive = false
          state = .answering
          if exchange == nil { nextRequest() }
          return window.count
        }
      case .answering: return at
      case .lingering: return window.count
      }
    }
    return at
  }

  private var isBlocked: Bool { connection.queuedBytes > HTTPDriver.outputLimit }

  private func begin(_ head: HTTPRequestHead) {
    connection.clearDeadline()
    keepsAlive = head.keepAlive && !isDraining && !peerEnded
    let exchange = HTTPExchange(head, self)
    self.exchange = exchange
    // A body that nobody has asked for yet must not be taken for the next request.
    state = .answering
    isPlanning = true
    let plan = service.plan(exchange)
    isPlanning = false
    guard connection.driver === self, !connection.isClosed else { return }
    switch plan {
    case .answered: passOver(head, exchange)
    case .collect(let limit): collect(head, exchange, limit)
    }
  }

  private func collect(_ head: HTTPRequestHead, _ exchange: HTTPExchange, _ limit: Int) {
    guard !exchange.hasBegun else { return passOver(head, exchange) }
    if case .none = head.body { return service.serve(exchange, body: BodyReader.nothing) }
    if case .length(let count) = head.body, count > limit {
      return refuse(BodyReader.tooLarge(limit))
    }
    state = .body(BodyReader(head.body, limit: limit))
    progress = 0
    connection.setDeadline(seconds: limits.bodySeconds)
    if head.expectsContinue { connection.writeScratch { $0.append("HTTP/1.1 100 Continue\r\n\r\n") } }
  }

  /// Gets the body of a request that was answered without it out of the way.
  private func passOver(_ head: HTTPRequestHead, _ exchange: HTTPExchange) {
    if head.body == .none || head.body == .length(0) {
      settle()
    } else if HTTPDriver.isSkippable(head) {
      state = .discarding(BodyReader(head.body, limit: HTTPDriver.discardLimit, keeps: false))
    } else {
      keepsAlive = false
      settle()
    }
  }

  /// Whether reading an unwanted body is cheaper than a new connection.
  private static func isSkippable(_ head: HTTPRequestHead) -> Bool {
    if head.expectsContinue { return false }
    if case .length(let count) = head.body { return count <= discardLimit }
    return true
  }

  /// Goes on if the answer was finished before its request was.
  private func settle() {
    state = .answering
    if exchange == nil { nextRequest() }
  }

  // MARK: - Output

  /// The exchange is about to write its head.
  func answerBegins(_ head: HTTPRequestHead) {
    // Answered before the body was asked for.
    if isPlanning, !HTTPDriver.isSkippable(head) { keepsAlive = false }
  }

  /// The exchange has written its last byte.
  func answerFinished() {
    exchange = nil
    guard case .answering = state else {
      // The body is not all there: what is left of it is thrown away, or the connection ends.
      if case .body(let reader) = state {
        if keepsAlive, let rest = reader.discarding(limit: HTTPDriver.discardLimit) {
          state = .discarding(rest)
        } else {
          endConnection()
        }
      }
      return
    }
    // During `process` its loop goes on by itself, during `plan` the body comes first.
    if isProcessing { return connection.resumeSoon() }
    nextRequest()
    connection.resumeSoon()
  }

  /// No more comes of the answer.
  func answerBroke(resets: Bool) {
    exchange = nil
    keepsAlive = false
    if resets { connection.resetWhenWritten() }
    endConnection()
  }

  private func nextRequest() {
    guard keepsAlive else { return endConnection() }
    state = .head
    connection.setDeadline(seconds: limits.idleSeconds)
  }

  private func refuse(_ error: HTTPError) {
    keepsAlive = false
    if let exchange, !exchange.hasBegun {
      exchange.respond(error.status, headers: [("Content-Type", "application/json")], body: error.json)
    } else if exchange == nil {
      connection.writeScratch { out in
        let body = error.json
        out.append(httpStatus: error.status)
        out.append("Content-Type: application/json\r\n")
        out.append(httpField: "Content-Length", body.utf8.count)
        out.append("Connection: close\r\n\r\n")
        out.append(utf8: body)
      }
    }
    endConnection()
  }

  /// Writes what is left, says so, and waits a little for the peer to close: closing at once while bytes are
  /// coming in would destroy the answer on its way.
  private func endConnection() {
    if case .lingering = state { return }
    state = .lingering
    pending = nil
    connection.shutDownWhenWritten()
    connection.setDeadline(seconds: limits.stallSeconds)
    if !peerEnded { connection.startReading() }
  }

  private func linger(_ count: Int) {
    lingered += count
    if lingered > 16 << 20 { connection.close() }
  }

  // MARK: - Events of the connection

  func resumed() {
    if case .answering = state, exchange == nil { nextRequest() }
    processPending()
  }

  func drained() {
    if let exchange {
      exchange.onDrain?()
    } else if pending != nil {
      connection.resumeSoon()
    }
  }

  func finishedWriting() {
    peerEnded ? connection.close() : connection.setDeadline(seconds: HTTPDriver.lingerSeconds)
  }

  func ended() {
    peerEnded = true
    switch state {
    case .head: connection.queuedBytes == 0 ? connection.close() : endConnection()
    case .body: connection.close()
    case .lingering: if connection.queuedBytes == 0 { connection.close() }
    case .answering, .discarding:
      keepsAlive = false
      if exchange?.onClose != nil { connection.close() }
    }
  }

  /// A peer that stopped sending before somebody asked to be told is told of now.
  func closeHandlerSet() {
    if peerEnded { connection.close() }
  }

  func timedOut() {
    switch state {
    case .head where parser.hasBegun:
      refuse(HTTPError(408, "The request's head took longer than \(limits.headSeconds) s."))
    case .body:
      refuse(
        HTTPError(
          408, "Less than \(limits.bodyProgress) bytes of the request's body came in \(limits.bodySeconds) s."
        ))
    default: connection.close()
    }
  }

  func drain() {
    isDraining = true
    keepsAlive = false
    if case .head = state, !parser.hasBegun { connection.close() }
  }

  func closed() {
    let exchange = self.exchange
    self.exchange = nil
    exchange?.peerClosed()
  }

  /// Another driver takes over, with what was read but not used yet.
  func replaced(by driver: WebSocketDriver) {
    exchange = nil
    connection.clearDeadline()
    connection.driver = driver
    // In the middle of `process` its caller hands over the rest.
    driver.start(isProcessing ? nil : pending)
    pending = nil
  }
}

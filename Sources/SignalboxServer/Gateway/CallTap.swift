internal import CUV
internal import Fetch
internal import SignalboxLLM
internal import Wire

/// The copy of one model call on its way to the decoder: notes what happens as it happens, and has it read
/// later, when no client waits for it any more.
final class CallTap {
  /// Requests beyond this are told without what they ask.
  static let bodyLimit = 16 << 20

  /// What the call's events say as `trace`.
  let trace: [UInt8]
  private let gateway: Gateway
  private let decoder: CallDecoder
  private let started: Moment
  private let endpoint: [UInt8]
  /// The request's body, until it was read.
  private var body: SharedBytes?
  private var hasStarted = false
  private var isAnswered = false
  private var head: ResponseHead?
  private var moment: Moment
  private var end: End?

  private struct ResponseHead {
    var status: Int
    var encoding: [UInt8] = []
    /// Milliseconds.
    var retryAfter: Double?
    var shouldRetry: Bool?
  }

  private enum End {
    case whole
    case broken(FetchError)
    case stopped(CallFailure)
  }

  init(
    _ format: ReplyFormat, gateway: Gateway, head: HTTPRequestHead, route: GatewayRoute,
    headers: GatewayHeaders, body: SharedBytes?
  ) {
    self.gateway = gateway
    self.body = body
    started = .now()
    moment = started
    endpoint = head.withPath { Array($0[route.rest...]) }
    let tools = gateway.tools
    var context = CallContext(
      trace: headers.traceparent?.trace ?? tools.mintHex(words: 2, at: started.wall),
      span: tools.mintHex(words: 1, at: started.wall),
      provider: Array(gateway.configuration.upstreams[route.upstream].name.utf8))
    context.parent = headers.traceparent?.parent ?? []
    context.session = headers.session.isEmpty ? route.session : headers.session
    context.chain = headers.chain
    context.request = headers.request
    context.tags = headers.tags
    context.keys = headers.keys
    if let key = head.query["key"] { context.keys.append(Array(key.utf8)) }
    trace = context.trace
    decoder = CallDecoder(format, context: context, tools: tools)
  }

  // MARK: What happens

  func head(_ head: FetchHead) {
    var noted = ResponseHead(status: head.status)
    var milliseconds: String?
    var seconds: String?
    head.forEachHeader { name, value in
      if HTTPCharacters.equal(name, "content-encoding") {
        noted.encoding = Array(value)
      } else if HTTPCharacters.equal(name, "retry-after-ms") {
        milliseconds = String(decoding: value, as: UTF8.self)
      } else if HTTPCharacters.equal(name, "retry-after") {
        seconds = String(decoding: value, as: UTF8.self)
      } else if HTTPCharacters.equal(name, "x-should-retry") {
        noted.shouldRetry = RetryAfter.shouldRetry(String(decoding: value, as: UTF8.self))
      }
    }
    if milliseconds != nil || seconds != nil {
      noted.retryAfter = RetryAfter.milliseconds(milliseconds, seconds: seconds, now: .now())
    }
    self.head = noted
    isAnswered = true
  }

  /// Bytes came.
  func arrived() { moment = .now() }

  func ended(_ error: FetchError?) {
    guard end == nil else { return }
    moment = .now()
    end = error.map(End.broken) ?? .whole
  }

  /// The call is ended before its time.
  func stop(_ failure: CallFailure) {
    moment = .now()
    end = .stopped(failure)
  }

  /// Tokens used so far and, with `withCost`, what they cost.
  func spent(withCost: Bool) -> (tokens: Int64, cost: Double?) { decoder.spent(withCost: withCost) }

  /// Nobody waits for the reply any more.
  func cancel() { decoder.cancel() }

  // MARK: Reading

  /// Decodes what happened since the last time; `bytes` is what came of the body.
  func read(_ bytes: UnsafeRawBufferPointer) {
    gateway.outlet.write { builder in
      if !hasStarted { start(into: &builder) }
      if let head {
        self.head = nil
        head.encoding.withUnsafeBytes {
          decoder.respond(
            status: head.status, contentEncoding: $0, retryAfter: head.retryAfter,
            shouldRetry: head.shouldRetry)
        }
      }
      if !bytes.isEmpty { decoder.receive(bytes, at: moment, into: &builder) }
      guard let end else { return }
      self.end = nil
      switch end {
      case .whole: decoder.finish(at: moment, into: &builder)
      case .broken(let error):
        decoder.fail(CallFailure(error, isAnswered: isAnswered), at: moment, into: &builder)
      case .stopped(let failure): decoder.fail(failure, at: moment, into: &builder)
      }
      if decoder.hasUnread { gateway.counts.tapFailures += 1 }
    }
  }

  private func start(into builder: inout EventBatchBuilder) {
    hasStarted = true
    let body = self.body
    self.body = nil
    guard let body, body.count <= CallTap.bodyLimit else {
      return endpoint.withUnsafeBytes { decoder.start(endpoint: $0, body: nil, at: started, into: &builder) }
    }
    endpoint.withUnsafeBytes { endpoint in
      decoder.start(endpoint: endpoint, body: body.raw, at: started, into: &builder)
    }
    withExtendedLifetime(body) {}
  }
}

extension Moment {
  static func now() -> Moment { Moment(wall: Timestamp.now(), steady: uv_hrtime()) }
}

extension CallFailure {
  /// A transfer that broke: before an answer came the call failed, later it is incomplete.
  fileprivate init(_ error: FetchError, isAnswered: Bool) {
    let code: StaticString =
      switch error.code {
      case .cancelled: "client_closed"
      case .timeout: "timeout"
      case .couldNotResolve, .couldNotConnect, .tls, .overloaded: "unreachable"
      case .invalidRequest: "invalid_request"
      case .reset, .partialBody, .malformedResponse, .tooLarge, .other: "connection_broken"
      }
    let reason: Reason = error.code == .cancelled ? .cancelled : isAnswered ? .incomplete : .failed
    self.init(reason, error.message, code: code)
    isRetryable = error.isRetryable
  }
}

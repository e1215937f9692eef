internal import CUV
internal import Fetch
package import Net
internal import SignalboxLLM
package import Wire

/// The pass-through LLM proxy of one loop: bytes go both ways unchanged, whatever telemetry does, while a tap turns
/// a copy of every model call into events.
///
/// Confined to its loop.
package final class Gateway {
  /// What this gateway has done.
  package var metrics: GatewayMetrics {
    var metrics = counts
    metrics.drains = readOn.count
    metrics.events = outlet.submitted
    metrics.eventsLost = outlet.lost
    return metrics
  }

  var counts = GatewayMetrics()
  let configuration: GatewayConfiguration
  let loop: EventLoop
  let multi: CurlMulti
  let tools: CallTools
  let outlet: TapOutlet
  private let poller: LoopCurlPoller
  /// Nanoseconds; a batch costs the log about as much as a dozen events, and nobody sees four milliseconds.
  private static let submitInterval: UInt64 = 4_000_000
  private(set) var isDraining = false
  private var lastSubmit: UInt64 = 0
  private var submitsLater = false
  /// Calls that have something left to do once the connections have written.
  private var written: [GatewayCall] = []
  private var spare: [GatewayCall] = []
  /// Calls whose client has gone.
  var readOn: [ObjectIdentifier: GatewayCall] = [:]
  /// Buffers that no call holds.
  private var buffers: [PaddedBuffer] = []

  package init(loop: EventLoop, configuration: GatewayConfiguration, outlet: any EventOutlet) {
    loop.preconditionCurrent()
    self.loop = loop
    self.configuration = configuration
    tools = CallTools(prices: configuration.prices)
    self.outlet = TapOutlet(outlet: outlet, tools: tools)
    poller = LoopCurlPoller(loop: loop)
    multi = CurlMulti(poller: poller)
    poller.multi = multi
    loop.afterFlush { [unowned self] in afterFlush() }
    loop.atStop { [self] in
      multi.shutDown()
      afterFlush()
      self.outlet.submit()
      poller.close()
    }
  }

  /// Where the request leads; nil when it is not for the gateway.
  package func route(_ head: HTTPRequestHead) -> GatewayRoute? {
    head.withPath { GatewayRoute($0, upstreams: configuration.upstreams) }
  }

  /// What to answer a request that was meant for the gateway and names no upstream of its; nil when it was not.
  package func missingUpstream(_ head: HTTPRequestHead) -> GatewayProblem? {
    head.withPath { GatewayProblem(missing: $0, method: head.method, upstreams: configuration.upstreams) }
  }

  /// Takes on a request that leads somewhere and is allowed to.
  package func plan(_ exchange: HTTPExchange, _ route: GatewayRoute) -> BodyPlan {
    if exchange.head.wantsUpgrade {
      exchange.respond(
        GatewayProblem(
          status: 501, code: "upgrade_not_supported", message: "The gateway does not pass WebSockets through")
      )
      return .answered
    }
    exchange.state = GatewayCall(gateway: self, exchange: exchange, route: route)
    return .collect(limit: configuration.bodyLimit)
  }

  /// Sends a request on; false when it is not the gateway's.
  package func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) -> Bool {
    guard let call = exchange.state as? GatewayCall else { return false }
    call.start(body)
    return true
  }

  /// The server stops soon: calls may finish, but none is read on for a client that is gone.
  package func drain() {
    isDraining = true
    for call in readOn.values { call.breakOff() }
  }

  /// An empty buffer for the bytes of one iteration.
  func takeBuffer() -> PaddedBuffer { buffers.popLast() ?? PaddedBuffer(capacity: 16 << 10) }

  func giveBack(_ buffer: PaddedBuffer) {
    guard buffers.count < 64, buffer.count <= 64 << 10 else { return }
    buffer.removeAll()
    buffers.append(buffer)
  }

  /// Has the call's `afterFlush` called once the connections have written.
  func visitAfterFlush(_ call: GatewayCall) { written.append(call) }

  private func afterFlush() {
    if !written.isEmpty {
      swap(&written, &spare)
      for call in spare { call.afterFlush() }
      spare.removeAll(keepingCapacity: spare.capacity <= 4096)
    }
    submit()
  }

  /// Hands the log what was written: at once when there is little to do, and every four milliseconds when
  /// there is much.
  private func submit() {
    guard outlet.hasEvents, !submitsLater || isDraining else { return }
    if isDraining || loop.now >= lastSubmit + Self.submitInterval {
      lastSubmit = loop.now
      return outlet.submit()
    }
    submitsLater = true
    loop.timer(after: Self.submitInterval / 1_000_000) { [unowned self] in
      submitsLater = false
      lastSubmit = loop.now
      outlet.submit()
    }
  }
}

extension HTTPExchange {
  func respond(_ problem: GatewayProblem) {
    var body = ByteWriter(capacity: 256)
    body.append("{\"error\":{\"code\":")
    body.append(jsonString: problem.code)
    body.append(",\"message\":")
    body.append(jsonString: problem.message)
    body.append(",\"type\":\"signalbox_gateway\"}}")
    respond(
      problem.status,
      headers: [("Content-Type", "application/json"), ("x-signalbox-error", problem.code)], body: body.raw)
  }
}

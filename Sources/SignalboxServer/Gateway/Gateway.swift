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
  /// Milliseconds between two batches for the log: a batch costs it about as much as a dozen events, and nobody sees
  /// four milliseconds. Where one holds many events anyway, nobody sees a screen's sixtieth of a second either.
  private static let submitInterval: UInt64 = 4
  private static let busyInterval: UInt64 = 16
  /// Events of a batch from which on the longer interval holds.
  private static let busyBatch = 64
  private(set) var isDraining = false
  private var lastSubmit: UInt64 = 0
  /// Events of the last batch.
  private var lastBatch = 0
  private var submitsLater = false
  /// Calls that have something left to do once the connections have written.
  private var written: [GatewayCall] = []
  private var spare: [GatewayCall] = []
  /// Calls whose client has gone.
  var readOn: [ObjectIdentifier: GatewayCall] = [:]
  /// Calls under way, by the trace that their events say.
  private var calls: [[UInt8]: [ObjectIdentifier: GatewayCall]] = [:]
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
      submitNow()
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

  func began(_ call: GatewayCall, trace: [UInt8]) {
    calls[trace, default: [:]][ObjectIdentifier(call)] = call
  }

  func ended(_ call: GatewayCall, trace: [UInt8]) {
    calls[trace]?[ObjectIdentifier(call)] = nil
    if calls[trace]?.isEmpty == true { calls[trace] = nil }
  }

  /// Breaks off the calls of a trace, and says how many those were.
  func cancel(trace: String) -> Int {
    let found = calls[Array(trace.utf8)].map { Array($0.values) } ?? []
    for call in found { call.stop(CallFailure(.cancelled, "The trace was cancelled", code: "cancelled")) }
    return found.count
  }

  /// An empty buffer for the bytes of one iteration.
  func takeBuffer() -> PaddedBuffer { buffers.popLast() ?? PaddedBuffer(capacity: 2 << 10) }

  /// A few large ones are kept, and as many small ones as streams may get something in one iteration.
  func giveBack(_ buffer: PaddedBuffer) {
    guard buffers.count < 1024, buffer.count <= (buffers.count < 64 ? 64 << 10 : 2 << 10) else { return }
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

  /// Hands the log what was written: at once when there is little to do, and every few milliseconds when there
  /// is much.
  private func submit() {
    guard outlet.hasEvents, !submitsLater || isDraining else { return }
    let interval = lastBatch < Self.busyBatch ? Self.submitInterval : Self.busyInterval
    if isDraining || loop.now >= lastSubmit + interval * 1_000_000 { return submitNow() }
    submitsLater = true
    loop.timer(after: interval) { [unowned self] in
      submitsLater = false
      submitNow()
    }
  }

  private func submitNow() {
    lastSubmit = loop.now
    lastBatch = outlet.submit()
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
      headers: [("Content-Type", "application/json"), ("x-signalbox-error", problem.code)]
        + (problem.status == 499 ? [("x-should-retry", "false")] : []), body: body.raw)
  }
}

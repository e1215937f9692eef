internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// What a path leads to.
enum Route: Equatable {
  case postEvents, ingestSocket, live, history, traces, types
  case trace(String)
  case keys
  case key(String)
  case schema, health, ready, metrics
  case dialect(DialectRoute)
  case asset
  case unknown
  case wrongMethod(allowed: String)

  /// What one must be allowed to; nil: nothing.
  var scope: Scope? {
    switch self {
    case .postEvents, .ingestSocket: .ingest
    case .live, .history, .traces, .trace, .types, .metrics: .read
    case .keys, .key: .admin
    // Dialects tell in their own way who may not come in.
    case .schema, .health, .ready, .dialect, .asset, .unknown, .wrongMethod: nil
    }
  }
}

/// Everything that answers requests on one loop.
final class LoopService: HTTPService {
  let hub: LiveHub
  let ingest: IngestEndpoint
  private let shared: ServerShared
  private let gatekeeper: Gatekeeper
  private let live: LiveEndpoint
  private let dialects: DialectEndpoint
  private let history: HistoryEndpoint
  private let traces: TracesEndpoint
  private let gateway: Gateway
  private let loop: EventLoop

  init(loop: EventLoop, shared: ServerShared) {
    self.loop = loop
    self.shared = shared
    let configuration = shared.configuration
    hub = LiveHub(
      last: shared.log.lastPosition, limits: configuration.live,
      shell: HubShell(
        now: { SystemTime.monotonic },
        after: { [unowned loop] in loop.timer(after: $0, $1) },
        read: { [unowned loop] in shared.readPage($0, on: loop, limit: configuration.live.pageBytes, $1) }))
    ingest = IngestEndpoint(log: shared.log, limits: configuration.ingest, loop: loop)
    gatekeeper = Gatekeeper(keys: shared.keys, configuration: configuration)
    live = LiveEndpoint(hub: hub, log: shared.log, readers: shared.readers)
    dialects = DialectEndpoint(hub: hub, shared: shared, gatekeeper: gatekeeper, loop: loop)
    history = HistoryEndpoint(log: shared.log, readers: shared.readers)
    traces = TracesEndpoint(log: shared.log, readers: shared.readers)
    var gatewayConfiguration = GatewayConfiguration(
      upstreams: configuration.upstreams, usage: configuration.gatewayUsage,
      usageByName: configuration.upstreamUsage)
    gatewayConfiguration.prices = configuration.prices
    gatewayConfiguration.recorder = configuration.recorder
    gateway = Gateway(
      loop: loop, configuration: gatewayConfiguration, outlet: LogOutlet(shared.log))
    loop.afterFlush { [hub] in hub.wrote() }
    loop.timer(after: 10_000, every: 10_000) { [hub] in hub.heartbeat() }
  }

  // MARK: HTTPService

  func plan(_ exchange: HTTPExchange) -> BodyPlan {
    if let refusal = gatekeeper.admit(exchange.head) {
      exchange.respond(refusal)
      return .answered
    }
    if let route = gateway.route(exchange.head) { return plan(exchange, at: route) }
    if let problem = gateway.missingUpstream(exchange.head) {
      exchange.respond(problem)
      return .answered
    }
    let route = self.route(exchange.head)
    if let scope = route.scope, let refusal = gatekeeper.authorize(exchange.head, for: scope) {
      exchange.respond(refusal)
      return .answered
    }
    switch route {
    case .postEvents: return .collect(limit: shared.configuration.ingest.bodyBytes)
    case .keys, .key: return .collect(limit: 64 << 10)
    case .unknown, .wrongMethod:
      // Now: whoever posts to a wrong address is to hear that, and not that the body is too long.
      answer(exchange, route, body: UnsafeRawBufferPointer(start: nil, count: 0))
      return .answered
    default: return .collect(limit: 0)
    }
  }

  private func plan(_ exchange: HTTPExchange, at route: GatewayRoute) -> BodyPlan {
    if let refusal = gatekeeper.authorize(exchange.head, for: .gateway, presented: route.key) {
      exchange.respond(refusal)
      return .answered
    }
    return gateway.plan(exchange, route)
  }

  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) {
    if gateway.serve(exchange, body: body) { return }
    answer(exchange, route(exchange.head), body: body)
  }

  private func answer(_ exchange: HTTPExchange, _ route: Route, body: UnsafeRawBufferPointer) {
    switch route {
    case .postEvents: ingest.serve(exchange, body: body)
    case .ingestSocket: ingest.openSocket(exchange)
    case .live: live.serve(exchange)
    case .dialect(let route): dialects.serve(exchange, route)
    case .history: history.serve(exchange)
    case .traces: traces.list(exchange)
    case .trace(let id): traces.show(id, exchange)
    case .types: TypesEndpoint(readers: shared.readers).serve(exchange)
    case .keys: KeysEndpoint(shared.keys).serve(exchange, body: body)
    case .key(let id): KeysEndpoint(shared.keys).revoke(id, exchange)
    case .schema: serveAsset(exchange)
    case .health: exchange.respond(200, headers: [("Content-Type", "text/plain")], body: "ok\n")
    case .ready: shared.answerReady(exchange)
    case .metrics: MetricsEndpoint(shared: shared).serve(exchange)
    case .asset: serveAsset(exchange)
    case .wrongMethod(let allowed):
      var error = APIError(
        405, "method_not_allowed", "\(exchange.head.methodName) is not understood here",
        hint: "Use \(allowed)")
      error.allow = allowed
      exchange.respond(error)
    case .unknown: exchange.respond(.nothing(at: exchange.head.path))
    }
  }

  var metrics: LoopMetrics {
    LoopMetrics(
      ingest: ingest.metrics, live: hub.metrics, viewers: hub.viewerCount, gateway: gateway.metrics)
  }

  func drain() {
    gateway.drain()
    hub.closeAll()
  }

  // MARK: Routing

  private func route(_ head: HTTPRequestHead) -> Route {
    let isGet = head.method == .get || head.method == .head
    if head.pathIs("/v1/events") {
      return head.method == .post ? .postEvents : isGet ? .history : .wrongMethod(allowed: "GET, POST")
    }
    if head.pathIs("/v1/live") { return isGet ? .live : .wrongMethod(allowed: "GET") }
    if head.pathIs("/v1/ingest") {
      return isGet ? .ingestSocket : .wrongMethod(allowed: "GET")
    }
    let path = head.path
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    guard let first = parts.first else { return isGet ? .asset : .wrongMethod(allowed: "GET") }
    if first == "ws", let dialect = DialectRoute(head.pathSegments) {
      return isGet ? .dialect(dialect) : .wrongMethod(allowed: "GET")
    }
    switch (first, parts.count) {
    case ("v1", 2) where parts[1] == "traces": return isGet ? .traces : .wrongMethod(allowed: "GET")
    case ("v1", 3) where parts[1] == "traces": return isGet ? .trace(parts[2]) : .wrongMethod(allowed: "GET")
    case ("v1", 2) where parts[1] == "types": return isGet ? .types : .wrongMethod(allowed: "GET")
    case ("v1", 2) where parts[1] == "keys": return .keys
    case ("v1", 3) where parts[1] == "keys": return .key(parts[2])
    case ("v1", 2) where parts[1] == "schema": return isGet ? .schema : .wrongMethod(allowed: "GET")
    case ("healthz", 1): return .health
    case ("readyz", 1): return .ready
    case ("metrics", 1): return .metrics
    default: return isGet ? .asset : .unknown
    }
  }

  /// A file held in the program; a browser that has it is told so.
  private func serveAsset(_ exchange: HTTPExchange) {
    // The page of a chain reads the id from its own address.
    let isChain = exchange.head.pathHasPrefix("/chain/")
    guard let asset = isChain ? .chainPage : exchange.head.withPath({ DashboardAsset.at($0) }) else {
      return exchange.respond(.nothing(at: exchange.head.path))
    }
    var headers = DashboardAsset.headers.map { ("\($0.name)", "\($0.value)") }
    headers.append(("ETag", "\(asset.tag)"))
    if exchange.head.value("if-none-match") == "\(asset.tag)" {
      return exchange.respond(304, headers: headers)
    }
    headers.append(("Content-Type", "\(asset.contentType)"))
    exchange.respond(200, headers: headers, body: asset.bytes)
  }
}

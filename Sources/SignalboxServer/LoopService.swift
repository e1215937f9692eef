internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// What a path leads to.
enum Route: Equatable {
  case postEvents, ingestSocket, live, history, traces, types
  case trace(String)
  case cancel(String)
  case keys
  case key(String)
  case tokens
  case schema, health, ready, metrics
  case dialect(DialectRoute)
  case asset
  case unknown
  case wrongMethod(allowed: String)

  /// What one must show; nil: nothing.
  var demand: Demand? {
    switch self {
    case .postEvents, .ingestSocket: Demand(scopes: .ingest)
    case .live, .history, .traces, .trace: Demand(scopes: .read, takesTokens: true)
    // What types there are is everybody's: it is not for a token to tell.
    case .metrics, .types: Demand(scopes: .read)
    // Whoever feeds traces or calls models may end what it has begun; to watch is not to touch.
    case .cancel: Demand(scopes: [.ingest, .gateway], takesTokens: true)
    case .keys, .key: Demand(scopes: .admin)
    case .tokens: Demand(scopes: .tokens)
    // Dialects tell in their own way who may not come in.
    case .schema, .health, .ready, .dialect, .asset, .unknown, .wrongMethod: nil
    }
  }

  /// Whether requests are counted for their address: whoever looks after the server may always ask how it is.
  var isCounted: Bool {
    switch self {
    case .health, .ready: false
    // Counted where it is let in.
    case .dialect: false
    default: true
    }
  }
}

/// What the gatekeeper found out, kept with the request until it is served.
final class Admission {
  let visitor: Visitor
  init(_ visitor: Visitor) { self.visitor = visitor }
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
    ingest = IngestEndpoint(
      log: shared.log, limits: configuration.ingest, loop: loop, cancels: shared.cancels)
    gatekeeper = Gatekeeper(
      keys: shared.keys, tokens: shared.tokens, rates: shared.rates, audit: shared.audit,
      configuration: configuration)
    live = LiveEndpoint(hub: hub, log: shared.log, readers: shared.readers)
    dialects = DialectEndpoint(hub: hub, shared: shared, gatekeeper: gatekeeper, loop: loop)
    history = HistoryEndpoint(log: shared.log, readers: shared.readers)
    traces = TracesEndpoint(log: shared.log, readers: shared.readers)
    var gatewayConfiguration = GatewayConfiguration(
      upstreams: configuration.upstreams, usage: configuration.gatewayUsage,
      usageByName: configuration.upstreamUsage)
    gatewayConfiguration.prices = configuration.prices
    gatewayConfiguration.recorder = configuration.recorder
    gatewayConfiguration.budget = configuration.gatewayBudget
    gateway = Gateway(
      loop: loop, configuration: gatewayConfiguration, outlet: LogOutlet(shared.log))
    loop.afterFlush { [hub] in hub.wrote() }
    loop.timer(after: 10_000, every: 10_000) { [hub] in hub.heartbeat() }
    let watch = min(10_000, configuration.live.stall / 3_000_000)
    loop.timer(after: watch, every: watch) { [hub] in hub.closeStalled() }
  }

  // MARK: HTTPService

  func plan(_ exchange: HTTPExchange) -> BodyPlan {
    if let refusal = gatekeeper.admit(exchange.head) {
      gatekeeper.refuse(exchange, refusal)
      return .answered
    }
    if let route = gateway.route(exchange.head) { return plan(exchange, at: route) }
    if let problem = gateway.missingUpstream(exchange.head) {
      exchange.respond(problem)
      return .answered
    }
    let route = self.route(exchange.head)
    do throws(APIError) {
      if let demand = route.demand {
        exchange.state = Admission(try gatekeeper.enter(exchange, demand))
      } else if route.isCounted {
        try gatekeeper.checkRate(of: exchange)
      }
    } catch {
      gatekeeper.refuse(exchange, error)
      return .answered
    }
    switch route {
    case .postEvents: return .collect(limit: shared.configuration.ingest.bodyBytes)
    case .keys, .key, .tokens: return .collect(limit: 64 << 10)
    // Some clients send an empty object along.
    case .cancel: return .collect(limit: 1 << 10)
    case .unknown, .wrongMethod:
      // Now: whoever posts to a wrong address is to hear that, and not that the body is too long.
      answer(exchange, route, body: UnsafeRawBufferPointer(start: nil, count: 0))
      return .answered
    default: return .collect(limit: 0)
    }
  }

  private func plan(_ exchange: HTTPExchange, at route: GatewayRoute) -> BodyPlan {
    do throws(APIError) {
      _ = try gatekeeper.enter(exchange, Demand(scopes: .gateway), presented: route.key)
    } catch {
      gatekeeper.refuse(exchange, error)
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
    case .live, .history, .traces, .trace, .cancel: answerReader(exchange, route)
    case .dialect(let route): dialects.serve(exchange, route)
    case .tokens: TokensEndpoint(shared.tokens).serve(exchange, visitor(of: exchange), body: body)
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

  /// Who was let in; nobody, where that was not asked.
  private func visitor(of exchange: HTTPExchange) -> Visitor {
    (exchange.state as? Admission)?.visitor ?? .nobody
  }

  /// Answers what a token may be shown for: only as far as it reaches.
  private func answerReader(_ exchange: HTTPExchange, _ route: Route) {
    let visitor = visitor(of: exchange)
    let refuse = { [gatekeeper] (error: APIError) in gatekeeper.refuse(exchange, error, visitor) }
    do throws(APIError) {
      switch route {
      case .live: try live.serve(exchange, visitor)
      case .history: try history.serve(exchange, visitor)
      case .traces: try traces.list(exchange, visitor)
      case .trace(let id): traces.show(id, exchange, visitor, refused: refuse)
      case .cancel(let id): CancelEndpoint(shared: shared).serve(id, exchange, visitor, refused: refuse)
      default: break
      }
    } catch {
      refuse(error)
    }
  }

  /// Breaks off the gateway's calls of a trace, and says how many those were.
  func cancelCalls(of trace: String) -> Int { gateway.cancel(trace: trace) }

  var metrics: LoopMetrics {
    LoopMetrics(
      ingest: ingest.metrics, live: hub.metrics, viewers: hub.viewerCount, gateway: gateway.metrics,
      refusals: gatekeeper.refusals)
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
    case ("v1", 4) where parts[1] == "traces" && parts[3] == "cancel":
      return head.method == .post ? .cancel(parts[2]) : .wrongMethod(allowed: "POST")
    case ("v1", 2) where parts[1] == "tokens":
      return head.method == .post ? .tokens : .wrongMethod(allowed: "POST")
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

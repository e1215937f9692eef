internal import JSONScan
internal import Net
internal import Signalbox
internal import Wire

/// What a request must show to be let in.
struct Demand {
  /// Scopes of a key, any of which will do.
  var scopes: Scope
  /// Whether a token will do as well. What it gives access to is for who answers to see to.
  var takesTokens = false
}

/// Decides who may do what: host names, origins, keys, tokens and rates. Every refusal is counted, and told to the
/// audit. Confined to its loop; keys, tokens and rates are shared.
final class Gatekeeper {
  private let keys: KeyRing
  private let tokens: TokenAuthority
  private let rates: RateLimits
  private let audit: AuditLog?
  private let requiresKeys: Bool
  private let checksHost: Bool
  private let hosts: Set<String>
  private let origins: Set<String>
  private let parser = JSONParser()
  private var goodHost: [UInt8] = []
  /// Refusals by their reason: the codes of our own errors, so there are few.
  private(set) var refusals: [String: UInt64] = [:]

  init(
    keys: KeyRing, tokens: TokenAuthority, rates: RateLimits, audit: AuditLog?,
    configuration: ServerConfiguration
  ) {
    self.keys = keys
    self.tokens = tokens
    self.rates = rates
    self.audit = audit
    requiresKeys = configuration.requiresKeys ?? !configuration.isLoopback
    // Behind a loopback address only a page that had its own name point here could come in by another name.
    checksHost = configuration.isLoopback
    hosts = Set(
      ["localhost", "127.0.0.1", "[::1]", configuration.host.lowercased()]
        + configuration.allowedHosts.map { $0.lowercased() })
    origins = Set(configuration.allowedOrigins.map { $0.lowercased() })
  }

  /// Refuses requests that a hostile web page could have caused; before anything else is looked at.
  func admit(_ head: HTTPRequestHead) -> APIError? {
    if checksHost, !isKnownHost(head), let host = head.value("host") {
      return APIError(
        421, "host_not_allowed", "This server does not answer to the name \(host)", field: "Host",
        hint: "Start it with --allow-host \(Self.name(ofHost: host)) if it should")
    }
    guard let origin = head.value("origin")?.lowercased(), !origins.contains(origin) else { return nil }
    guard !isOwn(origin, host: head.value("host")?.lowercased() ?? "") else { return nil }
    return APIError(
      403, "origin_not_allowed", "Pages of \(origin) may not use this server", field: "Origin",
      hint: "Start it with --allow-origin \(origin) if they should")
  }

  /// Whether an origin is this server: by the name that the request uses, or by another of its names.
  private func isOwn(_ origin: String, host: String) -> Bool {
    guard let scheme = ["http://", "https://"].first(where: origin.hasPrefix) else { return false }
    let address = String(origin.dropFirst(scheme.count))
    if address == host { return true }
    let (name, hostName) = (Self.name(ofHost: address), Self.name(ofHost: host))
    return checksHost && hosts.contains(name)
      && address.dropFirst(name.count) == host.dropFirst(hostName.count)
  }

  /// Clients repeat one host, so the last one that was found good is kept as it came.
  private func isKnownHost(_ head: HTTPRequestHead) -> Bool {
    head.withValue("host") { bytes in
      if goodHost.withUnsafeBytes({ $0.sameBytes(bytes) }) { return true }
      guard hosts.contains(Self.name(ofHost: String(decoding: bytes, as: UTF8.self))) else { return false }
      goodHost = Array(bytes)
      return true
    } ?? true
  }

  // MARK: Keys and tokens

  /// Finds out who asks; fails where that one may not do it, or does it too often.
  ///
  /// - Parameter presented: a key that stood elsewhere than in a header.
  func enter(
    _ exchange: HTTPExchange, _ demand: Demand, presented: String? = nil
  ) throws(APIError) -> Visitor {
    let isGateway = demand.scopes == .gateway
    switch Credential(exchange.head, isGateway: isGateway, presented: presented) {
    case .key(let key) where requiresKeys:
      guard let known = keys.known(key) else {
        try checkRate(of: exchange)
        throw APIError(
          401, "key_unknown", "The key is not known, or it was revoked",
          hint: "List them with: signalbox keys list")
      }
      if let wait = rates.wait(key: known.id, at: SystemTime.monotonic) { throw .tooMany("key", wait: wait) }
      guard known.scope.allows(anyOf: demand.scopes) else { throw .scopeMissing(known.scope, demand.scopes) }
      return .owner(key: known.id, scope: known.scope)
    case .token(let text):
      // Before the signature is looked at, which costs most.
      try checkRate(of: exchange)
      return try visitor(text, demand)
    case .key, .none:
      try checkRate(of: exchange)
      guard requiresKeys else { return .owner() }
      throw APIError(
        401, "key_missing", "This server asks for a key",
        hint:
          "Send Authorization: Bearer <key>, x-signalbox-key: <key> or ?key=<key>; make one with: signalbox keys add"
      )
    }
  }

  private func visitor(_ token: String, _ demand: Demand) throws(APIError) -> Visitor {
    let claims: TokenClaims
    do throws(TokenProblem) {
      claims = try tokens.verify(token, now: .now(), parser: parser) { keys.has(id: $0) }
    } catch {
      throw APIError(error)
    }
    guard demand.takesTokens else {
      throw APIError(
        403, "token_not_enough", "A token gives access to live, history and traces only",
        hint: "This asks for a key")
    }
    return Visitor(
      grant: claims.grant, expires: claims.expires, key: claims.mintedBy, subject: claims.subject,
      hasToken: true)
  }

  /// Counts a request for its address, whoever it turns out to come from.
  func checkRate(of exchange: HTTPExchange) throws(APIError) {
    if let wait = rates.wait(address: exchange.peer.network, at: SystemTime.monotonic) {
      throw .tooMany("address", wait: wait)
    }
  }

  // MARK: Refusals

  /// Answers a request that is not let in, counts it and tells the audit.
  ///
  /// A browser's script never sees the status of a WebSocket that is refused: one that comes with a token is opened and
  /// closed with 4401 (who are you?) or 4403 (not yours) at once.
  func refuse(_ exchange: HTTPExchange, _ error: APIError, _ visitor: Visitor? = nil) {
    note(exchange, error, visitor)
    let comesWithToken =
      visitor?.hasToken
      ?? {
        if case .token = Credential(exchange.head, isGateway: false) { true } else { false }
      }()
    guard exchange.isWebSocketRequest, comesWithToken, error.status == 401 || error.status == 403 else {
      return exchange.respond(error)
    }
    let code: WebSocketCloseCode = error.status == 401 ? .unauthenticated : .forbidden
    exchange.upgrade(
      DeafSocket(), protocol: Credential.accepted(exchange.head), maxMessage: 125)?
      .close(code, reason: error.closeReason)
  }

  /// Counts a refusal that was answered elsewhere.
  func note(_ exchange: HTTPExchange, _ error: APIError, _ visitor: Visitor? = nil) {
    refusals[error.code, default: 0] += 1
    audit?.note(
      Refusal(
        error, time: .now(), address: exchange.peer.host, method: exchange.head.methodName,
        path: exchange.head.path, key: visitor?.key, subject: visitor?.subject),
      at: SystemTime.monotonic)
  }

  /// A host without its port.
  private static func name(ofHost host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("[") { return host.firstIndex(of: "]").map { String(host[...$0]) } ?? host }
    return String(host.prefix { $0 != ":" })
  }
}

extension WebSocketCloseCode {
  /// Who are you? The token is missing, wrong or over: get another.
  static let unauthenticated = WebSocketCloseCode(4401)
  /// Not yours.
  static let forbidden = WebSocketCloseCode(4403)
}

/// A socket that is closed as it is opened.
private final class DeafSocket: WebSocketHandler {
  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {}
  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) {}
}

extension APIError {
  fileprivate static func scopeMissing(_ granted: Scope, _ wanted: Scope) -> APIError {
    APIError(
      403, "scope_missing",
      "The key allows \(granted.list.joined(separator: ", ")), not \(wanted.list.joined(separator: " or "))",
      hint: "Make one that does with: signalbox keys add --scope \(wanted.list.first ?? "")")
  }

  /// A close frame's reason has at most 123 bytes.
  fileprivate var closeReason: String {
    message.utf8.count <= 123 ? message : String(decoding: Array(message.utf8.prefix(120)), as: UTF8.self)
  }
}

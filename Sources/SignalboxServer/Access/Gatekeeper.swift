internal import Net
internal import Wire

/// Decides who may do what: host names, origins and keys. Confined to its loop; the keys are shared.
final class Gatekeeper {
  private let keys: KeyRing
  private let requiresKeys: Bool
  private let checksHost: Bool
  private let hosts: Set<String>
  private let origins: Set<String>
  private var goodHost: [UInt8] = []

  init(keys: KeyRing, configuration: ServerConfiguration) {
    self.keys = keys
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

  /// Refuses requests whose key does not allow what they ask for.
  ///
  /// - Parameter presented: a key that stood elsewhere than in a header.
  func authorize(_ head: HTTPRequestHead, for scope: Scope, presented: String? = nil) -> APIError? {
    guard requiresKeys else { return nil }
    guard let key = presented ?? Self.key(in: head, for: scope) else {
      return APIError(
        401, "key_missing", "This server asks for a key",
        hint:
          "Send Authorization: Bearer <key>, x-signalbox-key: <key> or ?key=<key>; make one with: signalbox keys add"
      )
    }
    guard let granted = keys.scope(of: key) else {
      return APIError(
        401, "key_unknown", "The key is not known, or it was revoked",
        hint: "List them with: signalbox keys list")
    }
    guard granted.allows(scope) else {
      return APIError(
        403, "scope_missing",
        "The key allows \(granted.list.joined(separator: ", ")), not \(scope.list.joined())",
        hint: "Make one that does with: signalbox keys add --scope \(scope.list.joined())")
    }
    return nil
  }

  /// The key of a request. At the gateway `Authorization` is the provider's, and ours has a header of its own.
  private static func key(in head: HTTPRequestHead, for scope: Scope) -> String? {
    if let key = head.value("x-signalbox-key") { return key }
    // At the gateway a query is the provider's too.
    if scope == .gateway { return nil }
    if let authorization = head.value("authorization"),
      authorization.lowercased().hasPrefix("bearer ")
    {
      return String(authorization.dropFirst(7))
    }
    return head.query["key"]
  }

  /// A host without its port.
  private static func name(ofHost host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("[") { return host.firstIndex(of: "]").map { String(host[...$0]) } ?? host }
    return String(host.prefix { $0 != ":" })
  }
}

internal import Net
internal import SignalboxLog

/// The rates of a server, shared by its loops: a bucket a key, and one an address for whatever no key vouches for.
package final class RateLimits: Sendable {
  private let keys: Guarded<TokenBuckets<String>>?
  private let addresses: Guarded<TokenBuckets<PeerAddress.Network>>?

  /// Nil: no limit.
  package init(perKey: Rate?, perAddress: Rate?) {
    keys = perKey.map { Guarded(TokenBuckets($0)) }
    addresses = perAddress.map { Guarded(TokenBuckets($0)) }
  }

  /// Nanoseconds until the key may ask again; nil: now.
  func wait(key id: String, at now: UInt64) -> UInt64? { keys?.with { $0.take(id, at: now) } }

  /// Nanoseconds until the address may ask again; nil: now.
  func wait(address: PeerAddress.Network, at now: UInt64) -> UInt64? {
    addresses?.with { $0.take(address, at: now) }
  }
}

extension APIError {
  /// Too many requests of one key or address.
  static func tooMany(_ whose: String, wait: UInt64) -> APIError {
    APIError(
      429, "rate_limited", "Too many requests of this \(whose)",
      hint: "Wait as Retry-After says; the server's --rate-per-\(whose) sets the limit",
      retryAfter: Int(min(wait / 1_000_000_000 + 1, 3600)))
  }
}

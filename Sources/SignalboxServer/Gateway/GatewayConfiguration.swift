package import Fetch
package import Signalbox
package import SignalboxLLM

/// A provider that the gateway leads to.
package struct GatewayUpstream: Sendable, Equatable {
  /// What is wrong with a name or URL.
  package struct Invalid: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// The first part of the gateway's paths, and the `provider` of the events: 1–64 of `[A-Za-z0-9_-]`.
  package let name: String
  /// Where requests go: `scheme://host[:port][/path]`, without a slash at its end.
  package let url: String
  /// Whether it is asked for the usage of streams. Default auto.
  package let usage: UsagePolicy

  package init(name: String, url: String, usage: UsagePolicy = .auto) throws(Invalid) {
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
    guard isName, 1...64 ~= name.utf8.count, name != "g", name != "v1" else {
      throw Invalid(
        description: "upstream name '\(name)': use 1 to 64 letters, digits, '_' or '-' (not 'g' or 'v1')")
    }
    var url = Substring(url)
    while url.hasSuffix("/") { url = url.dropLast() }
    guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.contains("?"), !url.contains("#"),
      url.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), let host = url.firstRange(of: "://")?.upperBound,
      host < url.endIndex
    else {
      throw Invalid(
        description:
          "upstream \(name): '\(url)' is not a URL such as https://api.example.com or http://localhost:8000")
    }
    self.name = name
    self.url = String(url)
    self.usage = usage
  }
}

/// What a gateway does with requests.
package struct GatewayConfiguration: Sendable {
  package var upstreams: [GatewayUpstream]
  /// Most bytes of a request's body. Default 128 MiB.
  package var bodyLimit = 128 << 20
  /// Bytes that may wait for a client before its upstream is paused. Default 1 MiB.
  package var queueLimit = 1 << 20
  /// How long a call is read on after its client went away, so that its usage is known. Default 60 s.
  package var drainSeconds: UInt64 = 60
  /// Calls read on at once; more are broken off. Default 256.
  package var drainLimit = 256
  /// Models think for minutes, and clients have timeouts of their own: these only end what hangs for good.
  package var timeouts = FetchTimeouts(connect: .seconds(10), firstByte: .seconds(900), idle: .seconds(600))
  /// What calls cost; the name of an upstream is the provider.
  package var prices = PriceTable.builtIn
  /// Whom TLS upstreams are trusted by.
  package var tls = FetchTLS()
  /// Gets the bytes of every model call, to record them. Default: nobody.
  package var recorder: (any ByteTap)?

  /// What each model call may use; a request's `x-signalbox-budget` can only tighten it. Default: whatever it likes.
  package var budget = Budget()

  package init(upstreams: [GatewayUpstream]) { self.upstreams = upstreams }

  /// Upstreams by name, and what is said of their usage: by name, else for all. What is no upstream is left out:
  /// whoever starts a server has it checked by `GatewayUpstream` first.
  package init(
    upstreams: [String: String], usage: UsagePolicy = .auto, usageByName: [String: UsagePolicy] = [:]
  ) {
    self.init(
      upstreams: upstreams.sorted { $0.key < $1.key }.compactMap {
        try? GatewayUpstream(name: $0, url: $1, usage: usageByName[$0] ?? usage)
      })
  }
}

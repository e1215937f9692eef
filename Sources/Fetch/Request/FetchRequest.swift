package import Wire

/// One outbound HTTP request. Nothing is added to it but `Host` and `Content-Length`.
package struct FetchRequest: Sendable {
  package var method: String
  /// An absolute `http` or `https` URL.
  package var url: String
  /// Sent verbatim in this order. `Content-Length` and `Transfer-Encoding` are left out: the body decides
  /// them.
  package var headers: [FetchHeader]
  package var body: SharedBytes?
  package var timeouts: FetchTimeouts
  package var tls: FetchTLS

  package init(
    _ method: String = "GET", _ url: String, headers: [FetchHeader] = [], body: SharedBytes? = nil,
    timeouts: FetchTimeouts = .init(), tls: FetchTLS = .init()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeouts = timeouts
    self.tls = tls
  }

  /// `host` or `host:port` of the URL, for messages: never the path, the query or credentials.
  package var authority: String { Self.authority(of: url) }

  static func authority(of url: String) -> String {
    var rest = Substring(url)
    if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
    rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    return String(rest)
  }
}

/// A header line of a request.
package struct FetchHeader: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// How long each stage of a transfer may take. `nil` means without limit.
package struct FetchTimeouts: Sendable, Equatable {
  /// Name lookup, TCP and TLS together. Default 10 s.
  package var connect: Duration?
  /// From the start of the transfer to the response's first byte. Default 300 s: models think.
  package var firstByte: Duration?
  /// Between two pieces of the response, not counting the time in which the receiver paused. Default 120 s.
  package var idle: Duration?
  /// The whole transfer. Default none.
  package var total: Duration?

  package init(
    connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(300), idle: Duration? = .seconds(120),
    total: Duration? = nil
  ) {
    self.connect = connect
    self.firstByte = firstByte
    self.idle = idle
    self.total = total
  }
}

/// Whom an `https` URL trusts.
package struct FetchTLS: Sendable, Equatable {
  /// A PEM file of certificate authorities instead of the system's.
  package var caFile: String?
  /// False accepts any certificate. Default true.
  package var verifies: Bool

  package init(caFile: String? = nil, verifies: Bool = true) {
    self.caFile = caFile
    self.verifies = verifies
  }
}

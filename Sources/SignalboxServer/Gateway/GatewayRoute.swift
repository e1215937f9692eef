internal import SignalboxLLM
internal import Wire

/// Where a path leads: `/{upstream}/…`, or `/g/{key}/{session}/{upstream}/…` for clients that can set nothing but a
/// URL.
package struct GatewayRoute: Equatable, Sendable {
  /// Place of the upstream in the configuration.
  package let upstream: Int
  /// The key in the path; nil when there is none (`-`).
  package private(set) var key: String?
  /// The session in the path; empty when there is none (`-`) or it is no id.
  package private(set) var session: [UInt8] = []
  /// Where the upstream's own path begins.
  let rest: Int

  /// Reads a path as it was sent; nil when it leads to no upstream.
  package init?(_ path: UnsafeRawBufferPointer, upstreams: [GatewayUpstream]) {
    var at = 0
    func part() -> UnsafeRawBufferPointer? {
      guard at < path.count, path[at] == UInt8(ascii: "/") else { return nil }
      let start = at + 1
      at = start
      while at < path.count, path[at] != UInt8(ascii: "/") { at += 1 }
      return UnsafeRawBufferPointer(rebasing: path[start..<at])
    }
    guard var name = part() else { return nil }
    if name.elementsEqual("g") {
      guard let key = part(), let session = part(), let upstream = part() else { return nil }
      name = upstream
      if !key.elementsEqual("-"), !key.isEmpty { self.key = String(decoding: key, as: UTF8.self) }
      if !session.elementsEqual("-"), EventRules.isID(session) { self.session = Array(session) }
    }
    guard let index = upstreams.firstIndex(where: { $0.name.utf8.elementsEqual(name) }) else { return nil }
    upstream = index
    rest = at
  }

  /// The address of the request: the upstream's URL, the rest of the path and the query, verbatim. A version that
  /// both the URL and the path name is written once.
  func url(_ head: HTTPRequestHead, upstream: GatewayUpstream) -> String {
    var url = upstream.url
    url.reserveCapacity(url.utf8.count + 128)
    head.withPath { path in
      var rest = UnsafeRawBufferPointer(rebasing: path[self.rest...])
      if let version = Self.version(endOf: upstream.url), rest.starts(with: version.utf8),
        rest.count == version.utf8.count || rest[version.utf8.count] == UInt8(ascii: "/")
      {
        rest = UnsafeRawBufferPointer(rebasing: rest[version.utf8.count...])
      }
      url += String(decoding: rest, as: UTF8.self)
    }
    if head.hasQuery {
      url += "?"
      url += head.rawQuery
    }
    return url
  }

  /// The version that a URL ends in, with its slash: `/v1`, `/v1beta`.
  private static func version(endOf url: String) -> Substring? {
    guard let slash = url.lastIndex(of: "/") else { return nil }
    let part = url[slash...].utf8.dropFirst()
    guard part.first == UInt8(ascii: "v"), let digit = part.dropFirst().first, 48...57 ~= digit else {
      return nil
    }
    return url[slash...]
  }

  /// The upstream's own path with the query, as the client asked for it.
  func target(_ head: HTTPRequestHead) -> String {
    let path = head.withPath { String(decoding: $0[rest...], as: UTF8.self) }
    return head.hasQuery ? path + "?" + head.rawQuery : path
  }

  /// The format of the model call that the request is; nil: it is none, and passes through without a tap.
  func format(_ head: HTTPRequestHead) -> ReplyFormat? {
    guard head.method == .post else { return nil }
    return head.withPath { ReplyFormat(path: UnsafeRawBufferPointer(rebasing: $0[rest...])) }
  }
}

extension HTTPRequestHead {
  /// A query is there, even an empty one.
  var hasQuery: Bool { withTarget { $0.contains(UInt8(ascii: "?")) } }
}

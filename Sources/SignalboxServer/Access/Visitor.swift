package import Wire

/// Who a request comes from, as far as that was shown, and what that one may do.
package struct Visitor: Equatable, Sendable {
  /// What may be seen.
  package var grant: Grant
  /// What its key allows; everything where no keys are asked for, nothing with a token.
  package var scope: Scope = []
  /// The moment at which the right ends, and with it every connection that rests on it; nil: none.
  package var expires: Timestamp?
  /// The id of the key that was shown; nil: none was.
  package var key: String?
  /// Whom the token was made for, where it says so.
  package var subject: String?
  /// Whether a token was shown: browsers show tokens, and are told by close codes what HTTP hides from them.
  package var hasToken = false

  package init(
    grant: Grant, expires: Timestamp? = nil, key: String? = nil, subject: String? = nil,
    hasToken: Bool = false
  ) {
    self.grant = grant
    self.expires = expires
    self.key = key
    self.subject = subject
    self.hasToken = hasToken
  }

  /// May do nothing.
  static let nobody = Visitor(grant: Grant())
  /// Where no keys are asked for, or with a key that suffices.
  package static func owner(key: String? = nil, scope: Scope = .admin) -> Visitor {
    var visitor = Visitor(grant: .everything, key: key)
    visitor.scope = scope
    return visitor
  }

  /// How its events are shown.
  package var view: EventView { grant.content ? .full : .metadata }
}

/// What a request shows to be let in.
enum Credential: Equatable {
  case none
  case key(String)
  case token(String)

  /// The protocol that a browser offers beside its token, and the one that carries it (a browser cannot set headers of
  /// a WebSocket): `new WebSocket(url, ["signalbox", "signalbox.token." + token])`.
  static let subprotocol = "signalbox"
  private static let tokenProtocol = "signalbox.token."

  /// Reads it where it may stand. At the gateway `Authorization` and the query are the provider's, and ours has a
  /// header of its own.
  ///
  /// - Parameter presented: a key that stood elsewhere.
  init(_ head: HTTPRequestHead, isGateway: Bool, presented: String? = nil) {
    if let key = presented ?? head.value("x-signalbox-key") {
      self = .key(key)
    } else if isGateway {
      self = .none
    } else if let value = head.value("authorization"), value.lowercased().hasPrefix("bearer ") {
      // Keys have no dot, and tokens have two.
      let text = String(value.dropFirst(7))
      self = text.contains(".") ? .token(text) : .key(text)
    } else if let token = Self.token(inProtocolsOf: head) {
      self = .token(token)
    } else {
      let query = head.query
      self = query["token"].map(Credential.token) ?? query["key"].map(Credential.key) ?? .none
    }
  }

  private static func protocols(_ head: HTTPRequestHead) -> [String] {
    head.values("sec-websocket-protocol").flatMap { $0.split(separator: ",") }.map { part in
      String(part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
    }
  }

  private static func token(inProtocolsOf head: HTTPRequestHead) -> String? {
    protocols(head).first { $0.hasPrefix(tokenProtocol) }.map { String($0.dropFirst(tokenProtocol.count)) }
  }

  /// What to answer a WebSocket's offer of protocols with: never the one that carries the token.
  static func accepted(_ head: HTTPRequestHead) -> String? {
    protocols(head).contains(subprotocol) ? subprotocol : nil
  }
}

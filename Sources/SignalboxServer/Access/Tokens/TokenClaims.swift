package import JSONScan
package import Wire

/// What a token says, once its signature is known to be good.
package struct TokenClaims: Equatable, Sendable {
  /// Longest life of a token, in seconds.
  package static let lifetimeLimit: Int64 = 3600
  /// How far the clocks of two machines may be apart, in seconds.
  package static let leeway: Int64 = 60
  /// Most names in each list of a grant.
  package static let nameLimit = 64

  package var grant: Grant
  /// The moment from which on it is worth nothing.
  package var expires: Timestamp
  /// Whom it was made for, by its maker; nil: not said.
  package var subject: String?
  /// The id of the key it was minted with; nil: none of this server's.
  package var mintedBy: String?

  package init(
    grant: Grant, expires: Timestamp, subject: String? = nil, mintedBy: String? = nil
  ) {
    self.grant = grant
    self.expires = expires
    self.subject = subject
    self.mintedBy = mintedBy
  }

  /// Reads and checks the claims.
  ///
  /// - Parameters:
  ///   - audience: the name that must be in `aud`.
  ///   - now: the time by this machine's clock.
  package init(
    _ payload: [UInt8], audience: String, now: Timestamp, parser: JSONParser
  ) throws(TokenProblem) {
    let claims = try StrictObject(payload, "the payload", parser)
    expires = try Self.expiry(claims, now)
    try Self.checkAudience(claims["aud"], audience)
    guard let granted = claims["signalbox"] else {
      throw TokenProblem(.claims, "it lacks the claim `signalbox`, which says what may be seen")
    }
    grant = try Self.grant(granted)
    subject = try Self.text(claims, "sub")
    mintedBy = try Self.text(claims, "key")
  }

  // MARK: Time

  private static func expiry(_ claims: StrictObject, _ now: Timestamp) throws(TokenProblem) -> Timestamp {
    guard let expires = try date(claims, "exp") else {
      throw TokenProblem(.lifetime, "it lacks exp: a token without an end is not taken")
    }
    let current = Double(now.nanoseconds) / 1e9
    guard expires > current else { throw TokenProblem(.expired, "it has expired") }
    guard expires <= current + Double(lifetimeLimit + leeway) else {
      throw TokenProblem(.lifetime, "it lives longer than \(lifetimeLimit) s")
    }
    if let start = try date(claims, "nbf"), start > current + Double(leeway) {
      throw TokenProblem(.early, "it is not valid yet (nbf)")
    }
    if let issued = try date(claims, "iat"), issued > current + Double(leeway) {
      throw TokenProblem(.early, "it was issued in the future (iat)")
    }
    return Timestamp(nanoseconds: Int64(expires * 1e9))
  }

  /// Seconds since 1970, whole or not (RFC 7519 §2).
  private static func date(_ claims: StrictObject, _ name: String) throws(TokenProblem) -> Double? {
    guard let value = claims[name] else { return nil }
    guard let seconds = value.double, seconds.isFinite, 0...9e9 ~= seconds else {
      throw TokenProblem(.claims, "\(name) must be a number of seconds since 1970")
    }
    return seconds
  }

  // MARK: Who

  private static func checkAudience(_ value: JSONValueView?, _ audience: String) throws(TokenProblem) {
    var names: [String] = []
    if let name = value?.string { names.append(name) }
    value?.forEachElement { if let name = $0.string { names.append(name) } }
    guard names.contains(audience) else {
      throw TokenProblem(.audience, "it is made for somebody else: aud must be \"\(audience)\"")
    }
  }

  private static func text(_ claims: StrictObject, _ name: String) throws(TokenProblem) -> String? {
    guard let value = claims[name] else { return nil }
    guard let text = value.string, text.utf8.count <= 256 else {
      throw TokenProblem(.claims, "\(name) must be a string of at most 256 bytes")
    }
    return text
  }

  // MARK: What

  /// Reads the object that `POST /v1/tokens` and the claim `signalbox` have in common. A member that is not known is
  /// refused: one that is misspelt would otherwise widen or narrow the grant silently.
  static func grant(_ value: JSONValueView, ignoring ignored: Set<String> = []) throws(TokenProblem) -> Grant
  {
    let members = try StrictObject(value, "the grant")
    var grant = Grant()
    for (name, value) in members.list where !ignored.contains(name) {
      switch name {
      case "sessions": grant.sessions = Set(try ids(value, name))
      case "chains": grant.chains = Set(try ids(value, name))
      case "traces": grant.traces = Set(try ids(value, name))
      case "types": grant.types = try names(value, name, of: EventRules.isType).sorted()
      case "content": grant.content = try flag(value, name)
      case "cancel": grant.cancel = try flag(value, name)
      case "speak": grant.speak = try flag(value, name)
      case "all": grant.isEverywhere = try flag(value, name)
      default:
        throw TokenProblem(
          .claims,
          "'\(name.prefix(64))' is none of sessions, chains, traces, types, content, cancel, speak and all")
      }
    }
    guard grant.isEverywhere || !(grant.sessions.isEmpty && grant.chains.isEmpty && grant.traces.isEmpty)
    else {
      throw TokenProblem(.claims, "it names no session, chain or trace; \"all\": true would mean every one")
    }
    return grant
  }

  private static func ids(_ value: JSONValueView, _ name: String) throws(TokenProblem) -> [String] {
    try names(value, name, of: EventRules.isID)
  }

  private static func names(
    _ value: JSONValueView, _ name: String, of rule: (UnsafeRawBufferPointer) -> Bool
  ) throws(TokenProblem) -> [String] {
    var names: [String] = []
    var isGood = value.kind == .array
    value.forEachElement { element in
      guard isGood, let text = element.string, names.count < nameLimit,
        Array(text.utf8).withUnsafeBytes(rule)
      else {
        isGood = false
        return
      }
      names.append(text)
    }
    guard isGood else {
      throw TokenProblem(.claims, "\(name) must be a list of at most \(nameLimit) names, such as [\"s1\"]")
    }
    return names
  }

  private static func flag(_ value: JSONValueView, _ name: String) throws(TokenProblem) -> Bool {
    guard let flag = value.bool else { throw TokenProblem(.claims, "\(name) must be true or false") }
    return flag
  }
}

extension ByteWriter {
  /// Writes the claim `signalbox`.
  mutating func append(_ grant: Grant) {
    append("{")
    var isFirst = true
    func name(_ name: StaticString, _ writer: inout ByteWriter) {
      writer.append(isFirst ? "\"" : ",\"")
      isFirst = false
      writer.append(name)
      writer.append("\":")
    }
    let lists: [(StaticString, [String])] = [
      ("sessions", grant.sessions.sorted()), ("chains", grant.chains.sorted()),
      ("traces", grant.traces.sorted()), ("types", grant.types),
    ]
    for (member, names) in lists where !names.isEmpty {
      name(member, &self)
      for (place, text) in names.enumerated() {
        append(place == 0 ? "[" : ",")
        append(jsonString: text)
      }
      append("]")
    }
    let flags: [(StaticString, Bool)] = [
      ("all", grant.isEverywhere), ("content", grant.content), ("cancel", grant.cancel),
      ("speak", grant.speak),
    ]
    for (member, isSet) in flags where isSet {
      name(member, &self)
      append("true")
    }
    append("}")
  }
}

internal import JSONScan
internal import Wire

/// The keys of a JWKS file (RFC 7517): `{"keys": [{"kty": "oct" | "RSA", "kid", "alg", …}]}`.
package struct KeySet: Sendable {
  /// Why a file holds no keys that can be used.
  package struct Invalid: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// The name of the key that this server mints tokens with; no key of a file may have it.
  static let ownName = "signalbox"

  private(set) var named: [String: TokenKey] = [:]
  /// Keys without a name.
  private(set) var unnamed: [TokenKey] = []

  init() {}

  /// Keys of other types than `oct` and `RSA`, and for other uses than signatures, are passed over.
  package init(_ text: [UInt8]) throws(Invalid) {
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root: JSONValueView
    do { root = try text.withUnsafeBytes { try parser.scan(copying: $0).root } } catch let error as JSONError
    {
      throw Invalid(description: "it is not JSON: \(error.message)")
    } catch {
      throw Invalid(description: "it is not JSON")
    }
    guard let keys = root["keys"], keys.kind == .array else {
      throw Invalid(description: "it is not {\"keys\": […]}")
    }
    var problem: Invalid?
    var place = 0
    keys.forEachElement { value in
      guard problem == nil else { return }
      do throws(Invalid) { try add(value) } catch {
        problem = Invalid(description: "keys[\(place)]: \(error.description)")
      }
      place += 1
    }
    if let problem { throw problem }
    guard !named.isEmpty || !unnamed.isEmpty else {
      throw Invalid(description: "it holds no key for HS256 (oct) or RS256 (RSA)")
    }
  }

  private mutating func add(_ value: JSONValueView) throws(Invalid) {
    guard let type = value["kty"]?.string else { throw Invalid(description: "it has no kty") }
    if let use = value["use"]?.string, use != "sig" { return }
    let key: TokenKey
    switch type {
    case "oct": key = try Self.secret(value)
    case "RSA":
      // One who can read a private key here could mint tokens; it has no business on this machine.
      guard value["d"] == nil else { throw Invalid(description: "it is a private key; give the public one") }
      if let name = value["alg"]?.string, name != TokenAlgorithm.rs256.rawValue { return }
      guard let modulus = Self.bytes(value["n"]), let exponent = Self.bytes(value["e"]),
        let made = RSAPublicKey(modulus: modulus, exponent: exponent)
      else { throw Invalid(description: "n and e are no RSA key of 2048 to 8192 bits") }
      key = .rsa(made)
    default: return
    }
    guard let name = value["kid"] else { return unnamed.append(key) }
    guard let name = name.string, 1...128 ~= name.utf8.count, name != Self.ownName else {
      throw Invalid(description: "kid must be a string of 1 to 128 bytes, and not \"\(Self.ownName)\"")
    }
    guard named.updateValue(key, forKey: name) == nil else {
      throw Invalid(description: "there is another key with its kid")
    }
  }

  private static func secret(_ value: JSONValueView) throws(Invalid) -> TokenKey {
    guard value["alg"]?.string ?? TokenAlgorithm.hs256.rawValue == TokenAlgorithm.hs256.rawValue else {
      throw Invalid(description: "an oct key is for HS256 only")
    }
    guard let secret = bytes(value["k"]), secret.count >= 32 else {
      throw Invalid(description: "k must be the base64url of at least 32 bytes (256 bits)")
    }
    return .secret(secret)
  }

  private static func bytes(_ value: JSONValueView?) -> [UInt8]? {
    value?.string.flatMap { Base64URL.decode(Array($0.utf8)[...]) }
  }

  /// The key that a token must have been signed with; nil: none. One that names no key is taken where only one key
  /// can be meant.
  func key(for token: SignedToken) -> TokenKey? {
    let key: TokenKey?
    if let name = token.keyID {
      key = named[name]
    } else {
      let all = (Array(named.values) + unnamed).filter { $0.algorithm == token.algorithm }
      key = all.count == 1 ? all[0] : nil
    }
    return key.flatMap { $0.algorithm == token.algorithm ? $0 : nil }
  }
}

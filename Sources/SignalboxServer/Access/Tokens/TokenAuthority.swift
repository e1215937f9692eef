internal import COpenSSL
package import JSONScan
internal import SignalboxLLM
package import SignalboxLog
package import Wire

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Whose tokens a server takes: those it mints with a secret of its own, and those signed with the keys of a JWKS file,
/// which is read again when it changes.
package final class TokenAuthority: Sendable {
  private struct Known {
    var keys = KeySet()
    var stamp = FileStamp()
  }

  /// The name that tokens must have in `aud`.
  package let audience: String
  private let secret: [UInt8]
  private let path: String?
  private let known: Guarded<Known>
  private let complain: @Sendable (String) -> Void

  /// - Parameters:
  ///   - secret: at least 32 random bytes that nobody else knows.
  ///   - keyFile: path of a JWKS file; nil: none.
  ///   - complain: hears why a file that changed is not used, on any thread.
  package init(
    secret: [UInt8], keyFile: String? = nil, audience: String = "signalbox",
    complain: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    precondition(secret.count >= 32, "the secret is too short")
    self.secret = secret
    path = keyFile
    self.audience = audience
    self.complain = complain
    known = Guarded(Known())
    reload()
  }

  /// Reads a JWKS file.
  package static func keys(at path: String) throws(KeySet.Invalid) -> KeySet {
    guard let text = SmallFile.read(path, limit: 1 << 20) else {
      throw KeySet.Invalid(description: "it cannot be read, or is larger than 1 MiB")
    }
    return try KeySet(text)
  }

  private func reload() {
    guard let path else { return }
    // The dates come first: a change during the reading is seen the next time.
    let stamp = FileStamp(of: path)
    do throws(KeySet.Invalid) {
      let keys = try Self.keys(at: path)
      known.with { $0 = Known(keys: keys, stamp: stamp) }
    } catch {
      // A file that is being written is half a file: what was known stays good until it is whole.
      known.with { $0.stamp = stamp }
      complain("the keys in \(path) are not used: \(error)")
    }
  }

  // MARK: Checking

  /// What a token allows.
  ///
  /// - Parameter knowsKey: whether there still is a key of this id, which a token was minted with.
  package func verify(
    _ text: String, now: Timestamp, parser: JSONParser, knowsKey: (String) -> Bool
  ) throws(TokenProblem) -> TokenClaims {
    let token = try SignedToken(text, parser: parser)
    let isOwn = token.keyID == KeySet.ownName
    guard let key = isOwn ? TokenKey.secret(secret) : fileKey(for: token) else {
      throw TokenProblem(.untrusted, "no key that is trusted here has its kid and algorithm")
    }
    guard key.verifies(token) else { throw TokenProblem(.signature, "its signature is wrong") }
    var claims = try TokenClaims(token.payload, audience: audience, now: now, parser: parser)
    // Only what we minted ourselves says the truth about our keys.
    if !isOwn { claims.mintedBy = nil }
    if let id = claims.mintedBy, !knowsKey(id) {
      throw TokenProblem(.revoked, "the key that it was minted with is revoked")
    }
    return claims
  }

  private func fileKey(for token: SignedToken) -> TokenKey? {
    guard let path else { return nil }
    let stamp = FileStamp(of: path)
    if known.with({ $0.stamp != stamp }) { reload() }
    return known.with { $0.keys.key(for: token) }
  }

  // MARK: Minting

  /// A token with these claims, signed with HS256.
  package func mint(_ claims: TokenClaims, issued: Timestamp) -> String {
    var payload = ByteWriter(capacity: 512)
    payload.append("{\"iss\":\"signalbox\",\"aud\":")
    payload.append(jsonString: audience)
    payload.append(",\"iat\":")
    payload.append(decimal: issued.nanoseconds / 1_000_000_000)
    payload.append(",\"exp\":")
    payload.append(decimal: claims.expires.nanoseconds / 1_000_000_000)
    if let subject = claims.subject {
      payload.append(",\"sub\":")
      payload.append(jsonString: subject)
    }
    if let key = claims.mintedBy {
      payload.append(",\"key\":")
      payload.append(jsonString: key)
    }
    payload.append(",\"signalbox\":")
    payload.append(claims.grant)
    payload.append("}")
    let header = Array("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"\(KeySet.ownName)\"}".utf8)
    var text = Base64URL.encode(header)
    text.append(UInt8(ascii: "."))
    text += Base64URL.encode(Array(payload.raw))
    let signature = TokenKey.hmac(secret, text)
    text.append(UInt8(ascii: "."))
    text += Base64URL.encode(signature)
    return String(decoding: text, as: UTF8.self)
  }

  /// The secret in `token-secret` of a server's folder, readable by its owner alone; made when it is not there. Without
  /// the file all minted tokens are void.
  package static func secret(in directory: String) throws(LogError) -> [UInt8] {
    let path = directory + "/token-secret"
    if let secret = SmallFile.read(path, limit: 1024), secret.count >= 32 { return secret }
    var secret = [UInt8](repeating: 0, count: 32)
    precondition(RAND_bytes(&secret, Int32(secret.count)) == 1, "the system has no random numbers")
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, write(descriptor, secret, secret.count) == secret.count else {
      throw LogError(code: .folder, message: "The secret for tokens cannot be written to \(path)")
    }
    return secret
  }
}

internal import COpenSSL

/// A key that signatures of tokens are checked with. It goes with one algorithm, so that a public key can never be
/// taken for a shared secret, whatever a token says.
package enum TokenKey: Sendable {
  /// A shared secret of at least 32 bytes, for HS256.
  case secret([UInt8])
  /// A public key, for RS256.
  case rsa(RSAPublicKey)

  var algorithm: TokenAlgorithm {
    switch self {
    case .secret: .hs256
    case .rsa: .rs256
    }
  }

  /// Whether the signature was made with this key; how long that takes does not depend on where a wrong one differs.
  func verifies(_ token: SignedToken) -> Bool {
    guard token.algorithm == algorithm else { return false }
    switch self {
    case .secret(let secret):
      let expected = Self.hmac(secret, token.signed)
      return token.signature.count == expected.count
        && CRYPTO_memcmp(token.signature, expected, expected.count) == 0
    case .rsa(let key): return key.verifies(token.signature, of: token.signed)
    }
  }

  static func hmac(_ secret: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 32
    let result = HMAC(
      EVP_sha256(), secret, Int32(secret.count), message, message.count, &digest, &count)
    precondition(result != nil && count == 32, "OpenSSL has no HMAC with SHA-256")
    return digest
  }
}

/// A public RSA key.
///
/// `@unchecked Sendable`: OpenSSL's key is only read after it was made, which several threads may do at once.
package final class RSAPublicKey: @unchecked Sendable {
  private let key: OpaquePointer

  /// Nil where the numbers, big-endian, make no key of 2048 to 8192 bits.
  init?(modulus: [UInt8], exponent: [UInt8]) {
    let modulus = Array(modulus.drop { $0 == 0 })
    let exponent = Array(exponent.drop { $0 == 0 })
    guard 256...1024 ~= modulus.count, modulus.count > 256 || modulus[0] >= 0x80, modulus.last! & 1 == 1,
      1...4 ~= exponent.count, exponent.last! & 1 == 1, exponent != [1],
      let key = sb_rsa_public_key(modulus, Int32(modulus.count), exponent, Int32(exponent.count))
    else { return nil }
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// PKCS #1 v1.5 with SHA-256.
  func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
    let isGood = EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    // What a refused signature leaves in the thread's queue of errors must not be taken for somebody else's.
    if !isGood { ERR_clear_error() }
    return isGood
  }
}

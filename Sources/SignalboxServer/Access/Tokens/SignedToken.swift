package import JSONScan
internal import SignalboxLLM
internal import Wire

/// How a token is signed.
package enum TokenAlgorithm: String, Sendable, Hashable {
  /// HMAC with SHA-256.
  case hs256 = "HS256"
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  case rs256 = "RS256"
}

/// A JWT in compact form (RFC 7515 §7.1) taken apart, of which nothing is believed yet.
package struct SignedToken: Equatable, Sendable {
  /// Longest token, in bytes: it must fit into a URL.
  package static let sizeLimit = 4096

  package let algorithm: TokenAlgorithm
  /// The name of the key; nil when the token does not say.
  package let keyID: String?
  /// What the signature is of: the first two parts and the dot between them.
  package let signed: [UInt8]
  /// The claims, as JSON text.
  package let payload: [UInt8]
  package let signature: [UInt8]

  package init(_ text: String, parser: JSONParser) throws(TokenProblem) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.sizeLimit else {
      throw TokenProblem(.malformed, "it is longer than \(Self.sizeLimit) bytes")
    }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2])
    else {
      throw TokenProblem(.malformed, "it is not three parts of base64url with dots between")
    }
    (algorithm, keyID) = try Self.read(header: header, parser)
    guard !signature.isEmpty else { throw TokenProblem(.malformed, "it has no signature") }
    signed = Array(bytes[..<parts[1].endIndex])
    self.payload = payload
    self.signature = signature
  }

  private static func read(
    header: [UInt8], _ parser: JSONParser
  ) throws(TokenProblem) -> (TokenAlgorithm, String?) {
    let members = try StrictObject(header, "the header", parser)
    for (name, value) in members.list {
      switch name {
      case "alg", "kid": break
      case "typ":
        guard let type = value.string?.lowercased(), type == "jwt" || type == "at+jwt" else {
          throw TokenProblem(.malformed, "its header says that it is no JWT")
        }
      default:
        // `crit` must be understood, and `jwk`, `jku`, `x5c` or `x5u` would let a token bring its own key.
        throw TokenProblem(.untrusted, "its header may say alg, kid and typ only")
      }
    }
    guard let name = members["alg"]?.string, let algorithm = TokenAlgorithm(rawValue: name) else {
      throw TokenProblem(.untrusted, "its algorithm must be HS256 or RS256")
    }
    guard let value = members["kid"] else { return (algorithm, nil) }
    guard let keyID = value.string, 1...128 ~= keyID.utf8.count else {
      throw TokenProblem(.untrusted, "its kid must be a string of 1 to 128 bytes")
    }
    return (algorithm, keyID)
  }
}

/// The members of a JSON object none of which is there twice: readers that take the first and readers that take the
/// last must see the same. Valid until the parser's next scan.
struct StrictObject {
  private(set) var list: [(name: String, value: JSONValueView)] = []

  init(_ text: [UInt8], _ what: String, _ parser: JSONParser) throws(TokenProblem) {
    let root: JSONValueView
    do { root = try text.withUnsafeBytes { bytes in try parser.scan(copying: bytes).root } } catch {
      throw TokenProblem(.malformed, "\(what) is not JSON")
    }
    try self.init(root, what)
  }

  init(_ value: JSONValueView, _ what: String) throws(TokenProblem) {
    guard value.kind == .object else { throw TokenProblem(.malformed, "\(what) is no JSON object") }
    var names: Set<String> = []
    var isTwice = false
    var found: [(String, JSONValueView)] = []
    value.forEachMember { key, value in
      // Compared after escapes are undone: `"ex\\u0070"` is `exp`.
      let name = key.string ?? ""
      if !names.insert(name).inserted { isTwice = true }
      found.append((name, value))
    }
    guard !isTwice else { throw TokenProblem(.malformed, "\(what) has a member twice") }
    list = found
  }

  subscript(name: String) -> JSONValueView? { list.first { $0.name == name }?.value }
}

/// Base 64 with the alphabet for URLs and without padding (RFC 4648 §5, RFC 7515 §2): one text for one value.
enum Base64URL {
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var standard: [UInt8] = []
    standard.reserveCapacity(text.count + 3)
    for byte in text {
      switch byte {
      case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      default: standard.append(byte)
      }
    }
    while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
    return standard.withUnsafeBytes { Base64.decode($0) }
  }

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(capacity: bytes.count / 3 * 4 + 4)
    bytes.withUnsafeBytes { writer.append(base64: $0) }
    return writer.raw.prefix { $0 != UInt8(ascii: "=") }.map {
      switch $0 {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      default: $0
      }
    }
  }
}

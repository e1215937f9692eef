import Foundation
import JSONScan
import SignalboxServer
import Testing
import Wire

/// What is refused, and that nothing else is.
@Suite struct TokenTests {
  static let secret = [UInt8](repeating: 7, count: 32)
  static let now = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
  let authority = TokenAuthority(secret: Self.secret)
  let parser = JSONParser()

  static func base64(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
      "=", with: "")
  }

  func check(_ text: String, keys: Set<String> = ["k1"]) -> TokenProblem.Reason? {
    do throws(TokenProblem) {
      _ = try authority.verify(text, now: Self.now, parser: parser) { keys.contains($0) }
      return nil
    } catch {
      return error.reason
    }
  }

  static func claims(_ grant: Grant = Grant(sessions: ["s1"]), seconds: Int64 = 300) -> TokenClaims {
    TokenClaims(
      grant: grant, expires: Timestamp(nanoseconds: now.nanoseconds + seconds * 1_000_000_000),
      subject: "ann", mintedBy: "k1")
  }

  @Test func whatIsMintedIsRead() throws {
    let grant = Grant(
      sessions: ["s1", "s2"], chains: ["c"], traces: ["0af7651916cd43dd8448eb211c80319c"], types: ["llm."],
      content: true, cancel: true)
    let token = authority.mint(Self.claims(grant), issued: Self.now)
    let read = try authority.verify(token, now: Self.now, parser: parser) { $0 == "k1" }
    #expect(read == Self.claims(grant))
    let everything = Grant(isEverywhere: true)
    let other = authority.mint(Self.claims(everything), issued: Self.now)
    #expect(try authority.verify(other, now: Self.now, parser: parser) { _ in true }.grant == everything)
  }

  /// Whichever byte is changed, the token is refused; and it is good only until its end.
  @Test func noByteMayBeOther() {
    let token = authority.mint(Self.claims(), issued: Self.now)
    #expect(check(token) == nil)
    for place in token.utf8.indices {
      var bytes = Array(token.utf8)
      let at = token.utf8.distance(from: token.startIndex, to: place)
      bytes[at] = bytes[at] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(check(String(decoding: bytes, as: UTF8.self)) != nil, "byte \(at)")
    }
    for count in 0..<token.utf8.count { #expect(check(String(token.prefix(count))) != nil, "\(count) bytes") }
    #expect(check(token + "A") != nil)
    #expect(check(token + "=") != nil)
    #expect(check(token + ".") != nil)
    #expect(check(authority.mint(Self.claims(seconds: 0), issued: Self.now)) == .expired)
    #expect(check(authority.mint(Self.claims(seconds: 3601), issued: Self.now)) == nil, "a clock may be slow")
    #expect(check(authority.mint(Self.claims(seconds: 7200), issued: Self.now)) == .lifetime)
    #expect(check(token, keys: []) == .revoked)
    let stranger = TokenAuthority(secret: [UInt8](repeating: 8, count: 32))
    #expect(check(stranger.mint(Self.claims(), issued: Self.now)) == .signature)
  }

  @Test(arguments: [
    ("{\"alg\":\"none\"}", TokenProblem.Reason.untrusted), ("{\"alg\":\"None\"}", .untrusted),
    ("{\"alg\":\"hs256\"}", .untrusted), ("{\"alg\":\"HS512\"}", .untrusted),
    ("{\"alg\":\"ES256\"}", .untrusted),
    ("{\"alg\":256}", .untrusted), ("{}", .untrusted), ("[]", .malformed), ("7", .malformed),
    ("", .malformed),
    ("{\"alg\":\"HS256\",\"alg\":\"RS256\"}", .malformed),
    ("{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}", .malformed),
    ("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", .untrusted),
    ("{\"alg\":\"HS256\",\"jku\":\"http://x\"}", .untrusted),
    ("{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", .untrusted),
    ("{\"alg\":\"HS256\",\"x5u\":\"http://x\"}", .untrusted), ("{\"alg\":\"HS256\",\"kid\":7}", .untrusted),
    ("{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", .untrusted),
    ("{\"alg\":\"HS256\",\"kid\":\"' OR 1=1 --\"}", .untrusted),
    ("{\"alg\":\"HS256\",\"kid\":\"\"}", .untrusted),
    ("{\"alg\":\"RS256\",\"kid\":\"signalbox\"}", .signature),
    ("{\"alg\":\"HS256\",\"typ\":\"JWE\"}", .malformed),
    ("{\"alg\":\"HS256\"}", .untrusted),
  ])
  func headersThatLie(_ header: String, _ reason: TokenProblem.Reason) {
    let token = "\(Self.base64(header.utf8)).\(Self.base64("{}".utf8)).\(Self.base64([1, 2, 3]))"
    #expect(check(token) == reason)
  }

  @Test func shapesThatAreNone() {
    for text in [
      "", ".", "..", "...", "a.b.c.d", "a.b", "eyJhbGciOiJIUzI1NiJ9.e30.", "e30.e30.A", "e3 0.e30.AA",
      "e30=.e30.AA", "+/.e30.AA",
    ] {
      #expect(check(text) == .malformed, "\(text)")
    }
    #expect(check(String(repeating: "A", count: 4097)) == .malformed)
  }

  static let aud = "\"aud\":\"signalbox\""
  static let exp = "\"exp\":1800000300"
  static let may = "\"signalbox\":{\"sessions\":[\"s\"]}"

  @Test(arguments: [
    ("{\(aud),\(may)}", TokenProblem.Reason.lifetime), ("{\(aud),\(may),\"exp\":\"1800000300\"}", .claims),
    ("{\(aud),\(may),\"exp\":1e308}", .claims), ("{\(aud),\(may),\"exp\":-1}", .claims),
    ("{\(aud),\(may),\"exp\":1799999999}", .expired), ("{\(aud),\(may),\"exp\":1800000000}", .expired),
    ("{\(aud),\(may),\"exp\":4102444800}", .lifetime),
    ("{\(aud),\(may),\(exp),\"exp\":1800000301}", .malformed),
    ("{\(aud),\(may),\(exp),\"\\u0065xp\":1800000301}", .malformed),
    ("{\(may),\(exp)}", .audience), ("{\"aud\":\"other\",\(may),\(exp)}", .audience),
    ("{\"aud\":[],\(may),\(exp)}", .audience), ("{\"aud\":{\"signalbox\":1},\(may),\(exp)}", .audience),
    ("{\(aud),\(may),\(exp),\"nbf\":1800000100}", .early),
    ("{\(aud),\(may),\(exp),\"iat\":1800000100}", .early),
    ("{\(aud),\(exp)}", .claims), ("{\(aud),\(exp),\"signalbox\":{}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"content\":true}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":\"s\"}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":[7]}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":[\"*\"]}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":[\"\"]}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"session\":[\"s\"]}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":[\"s\"],\"content\":\"true\"}}", .claims),
    ("{\(aud),\(exp),\"signalbox\":{\"sessions\":[\"s\"],\"sessions\":[\"t\"]}}", .malformed),
    ("{\(aud),\(exp),\"signalbox\":{\"all\":1}}", .claims), ("{\(aud),\(exp),\"signalbox\":[]}", .malformed),
    ("nonsense", .malformed), ("[]", .malformed), ("{\(aud),\(exp),\(may)} {}", .malformed),
  ])
  func claimsThatDoNot(_ payload: String, _ reason: TokenProblem.Reason) {
    #expect(throws: TokenProblem.self) {
      try TokenClaims(Array(payload.utf8), audience: "signalbox", now: Self.now, parser: parser)
    }
    do throws(TokenProblem) {
      _ = try TokenClaims(Array(payload.utf8), audience: "signalbox", now: Self.now, parser: parser)
    } catch {
      #expect(error.reason == reason, "\(error.message)")
      #expect(!error.message.contains("1800000301"), "messages repeat nothing of the token")
    }
  }

  @Test func claimsThatDo() throws {
    for payload in [
      "{\(Self.aud),\(Self.exp),\(Self.may)}",
      "{\"aud\":[\"x\",\"signalbox\"],\"exp\":1800000300.5,\(Self.may)}",
      "{\(Self.aud),\(Self.exp),\(Self.may),\"nbf\":1800000030,\"iat\":1800000000,\"name\":{\"any\":[1]}}",
    ] {
      let claims = try TokenClaims(
        Array(payload.utf8), audience: "signalbox", now: Self.now, parser: parser)
      #expect(claims.grant == Grant(sessions: ["s"]))
    }
    let names = (0..<65).map { "\"s\($0)\"" }
    func read(_ count: Int) -> TokenClaims? {
      let list = names.prefix(count).joined(separator: ",")
      return try? TokenClaims(
        Array("{\(Self.aud),\(Self.exp),\"signalbox\":{\"sessions\":[\(list)]}}".utf8), audience: "signalbox",
        now: Self.now, parser: parser)
    }
    #expect(read(64) != nil && read(65) == nil)
  }
}

/// Keys of a JWKS file.
@Suite struct KeySetTests {
  @Test(arguments: [
    "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[{\"kid\":\"a\"}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":7}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"RS256\",\"k\":\"\(secret)\"}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"signalbox\",\"k\":\"\(secret)\"}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"\(secret)\"},{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"\(secret)\"}]}",
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}]}",
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"}]}",
  ])
  func noKeys(_ text: String) {
    #expect(throws: KeySet.Invalid.self) { try KeySet(Array(text.utf8)) }
  }

  static let secret = TokenTests.base64([UInt8](repeating: 9, count: 32))

  @Test func keys() throws {
    _ = try KeySet(Array("{\"keys\":[{\"kty\":\"EC\"},{\"kty\":\"oct\",\"k\":\"\(Self.secret)\"}]}".utf8))
  }
}

internal import JSONScan
internal import Net
internal import Wire

/// `POST /v1/tokens`: mints a token for a browser.
struct TokensEndpoint {
  private let authority: TokenAuthority
  private static let example = "{\"sessions\": [\"s1\"], \"content\": true, \"ttl\": 300}"

  init(_ authority: TokenAuthority) { self.authority = authority }

  func serve(_ exchange: HTTPExchange, _ visitor: Visitor, body: UnsafeRawBufferPointer) {
    do throws(APIError) {
      let now = Timestamp.now()
      let claims = try Self.parse(body, now: now, mintedBy: visitor.key)
      let token = authority.mint(claims, issued: now)
      guard token.utf8.count <= SignedToken.sizeLimit else {
        throw APIError(
          400, "invalid_grant", "The token would be longer than \(SignedToken.sizeLimit) bytes",
          hint: "Name fewer sessions, chains and traces")
      }
      exchange.respond(json: 201) { writer in
        writer.append("{\"token\":")
        writer.append(jsonString: token)
        writer.append(",\"expires\":\"")
        writer.append(rfc3339: claims.expires)
        writer.append("\",\"expires_in\":")
        writer.append(decimal: (claims.expires.nanoseconds - now.nanoseconds) / 1_000_000_000)
        writer.append("}")
      }
    } catch {
      exchange.respond(error)
    }
  }

  private static func parse(
    _ body: UnsafeRawBufferPointer, now: Timestamp, mintedBy: String?
  ) throws(APIError) -> TokenClaims {
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root: JSONValueView
    do { root = try parser.scan(copying: body).root } catch {
      throw APIError(400, "invalid_json", "The body is not JSON: \(error.message)", hint: example)
    }
    var seconds: Int64 = 300
    if let value = root["ttl"] {
      guard let number = value.int, 1...TokenClaims.lifetimeLimit ~= number else {
        throw APIError(
          400, "invalid_grant", "ttl is a whole number of seconds from 1 to \(TokenClaims.lifetimeLimit)",
          field: "ttl", hint: example)
      }
      seconds = number
    }
    let subject = root["subject"]?.string
    guard root["subject"] == nil || subject.map({ 1...256 ~= $0.utf8.count }) == true else {
      throw APIError(
        400, "invalid_grant", "subject is a string of 1 to 256 bytes", field: "subject", hint: example)
    }
    let grant: Grant
    do throws(TokenProblem) {
      grant = try TokenClaims.grant(root, ignoring: ["ttl", "subject"])
    } catch {
      throw APIError(400, "invalid_grant", "The grant is not understood: \(error.message)", hint: example)
    }
    // Whole seconds, since that is how tokens say it.
    let expires = (now.nanoseconds / 1_000_000_000 + seconds) * 1_000_000_000
    return TokenClaims(
      grant: grant, expires: Timestamp(nanoseconds: expires), subject: subject, mintedBy: mintedBy)
  }
}

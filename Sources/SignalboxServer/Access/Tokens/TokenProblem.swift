/// Why a token is refused. The message is for the developer who made it; it never repeats the token.
package struct TokenProblem: Error, Equatable, Sendable {
  package enum Reason: String, Sendable, CaseIterable {
    /// Not a token in compact form (RFC 7519), or longer than the limit.
    case malformed
    /// Its algorithm or key is none that is trusted here.
    case untrusted
    case signature
    case expired
    /// It is not valid yet.
    case early
    /// It lives longer than tokens may.
    case lifetime
    case audience
    /// What it grants is not understood, or nothing.
    case claims
    /// The key that it was minted with is gone.
    case revoked
  }

  package var reason: Reason
  package var message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }
}

extension APIError {
  package init(_ problem: TokenProblem) {
    self.init(
      401, "token_\(problem.reason.rawValue)", "The token is not accepted: \(problem.message)",
      hint: "docs/access.md says what a token must contain; POST /v1/tokens mints one")
  }
}

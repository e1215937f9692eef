import Signalbox
import SignalboxServer

/// What a server is told of those who may use it, and how much.
enum AccessOptions {
  static let options: [Option] = [
    .value(
      "jwks", "FILE", environment: "SIGNALBOX_JWKS",
      "Keys (JWKS) of those who make tokens for browsers themselves: oct for HS256, RSA for RS256"),
    .value(
      "token-audience", "NAME", environment: "SIGNALBOX_TOKEN_AUDIENCE", default: "signalbox",
      "What tokens must have in aud"),
    .value(
      "rate-per-key", "N[:BURST]", environment: "SIGNALBOX_RATE_PER_KEY",
      "Requests a second of one key, 0 for no limit; default: 1000:2000, on this machine alone no limit"),
    .value(
      "rate-per-address", "N[:BURST]", environment: "SIGNALBOX_RATE_PER_ADDRESS",
      "Requests a second of one address without a good key; default: 100:400, on this machine alone no limit"),
    .value(
      "budget-tokens", "N", environment: "SIGNALBOX_BUDGET_TOKENS",
      "Tokens that a call through the gateway may use before it is cancelled"),
    .value("budget-cost", "USD", environment: "SIGNALBOX_BUDGET_COST", "What a call may cost"),
    .value("budget-seconds", "S", environment: "SIGNALBOX_BUDGET_SECONDS", "How long a call may take"),
    .value(
      "budget-stall", "S", environment: "SIGNALBOX_BUDGET_STALL", "How long a call may go on without a byte"),
  ]

  static func apply(_ arguments: Arguments, to configuration: inout ServerConfiguration) throws(UsageError) {
    if let path = arguments.text("jwks") {
      do throws(KeySet.Invalid) { _ = try TokenAuthority.keys(at: path) } catch {
        throw UsageError("--jwks \(PlainText.line(path)): \(PlainText.line(error.description))")
      }
      configuration.jwks = path
    }
    configuration.tokenAudience = arguments.text("token-audience") ?? "signalbox"
    let isOpen = configuration.isLoopback
    configuration.ratePerKey = try rate(
      arguments, "rate-per-key", default: isOpen ? nil : Rate(perSecond: 1000, burst: 2000))
    configuration.ratePerAddress = try rate(
      arguments, "rate-per-address", default: isOpen ? nil : Rate(perSecond: 100, burst: 400))
    for limit in Budget.Limit.allCases {
      if let number = try arguments.number("budget-\(limit.rawValue)") {
        configuration.gatewayBudget.set(limit, number)
      }
    }
    configuration.audit = { Output.remark($0) }
  }

  private static func rate(
    _ arguments: Arguments, _ name: String, default fallback: Rate?
  ) throws(UsageError) -> Rate? {
    guard let text = arguments.text(name) else { return fallback }
    guard let rate = Rate.parse(text) else {
      throw UsageError(
        "--\(name) takes requests a second, such as 50 or 50:200, not '\(PlainText.line(text))'")
    }
    return rate
  }
}

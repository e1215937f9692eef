/// A price per million tokens, exact to six decimals. Written as a literal: `let price: Price = 2.5`.
public struct Price: Sendable, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// In millionths of the currency's unit.
  public let millionths: Int64

  /// From 0 to 10^9 units.
  public init?(millionths: Int64) {
    guard 0...1_000_000_000_000_000 ~= millionths else { return nil }
    self.millionths = millionths
  }

  /// The nearest price; stops the program below 0 and above 10^9.
  public init(floatLiteral value: Double) {
    guard let price = Price(millionths: Int64((value * 1e6).rounded())) else {
      preconditionFailure("a price is from 0 to 10^9")
    }
    self = price
  }

  public init(integerLiteral value: Int64) { self.init(floatLiteral: Double(value)) }

  /// Reads a decimal number such as `0.075`: at most six decimals, no sign, no exponent.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? String(parts[1]) : ""
    guard let whole = parts.first, 1...9 ~= whole.utf8.count, decimals.utf8.count <= 6,
      parts.count == 1 || !decimals.isEmpty, parts.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }),
      let value = Int64(whole + decimals + String(repeating: "0", count: 6 - decimals.utf8.count))
    else { return nil }
    self.init(millionths: value)
  }

  /// What so many tokens cost.
  func amount(of tokens: Int64) -> Amount { Amount(trillionths: Int128(millionths) * Int128(max(tokens, 0))) }
}

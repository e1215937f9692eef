internal import Wire

/// A sum of money, exact to a trillionth of its currency's unit: a price per million tokens with six decimals,
/// times a number of tokens, is never rounded.
public struct Amount: Sendable, Hashable, Comparable, AdditiveArithmetic, CustomStringConvertible {
  /// In trillionths of the unit.
  public var trillionths: Int128

  public init(trillionths: Int128) { self.trillionths = trillionths }

  /// The nearest amount; what is not finite, or beyond 10^15 units, becomes 0.
  public init(_ value: Double) {
    trillionths = value.magnitude < 1e15 ? Int128((value * 1e12).rounded()) : 0
  }

  public static var zero: Amount { Amount(trillionths: 0) }

  /// The sum, to the last trillionth.
  public static func + (a: Amount, b: Amount) -> Amount {
    Amount(trillionths: a.trillionths + b.trillionths)
  }

  /// The difference, to the last trillionth.
  public static func - (a: Amount, b: Amount) -> Amount {
    Amount(trillionths: a.trillionths - b.trillionths)
  }

  public static func < (a: Amount, b: Amount) -> Bool { a.trillionths < b.trillionths }

  /// The nearest floating-point number.
  public var value: Double { Double(trillionths) / 1e12 }

  /// The exact decimal number, such as `0.00253`.
  public var description: String {
    var writer = ByteWriter(capacity: 24)
    writer.append(self)
    return writer.string
  }
}

extension ByteWriter {
  /// Writes the exact decimal number, which is also a number of JSON.
  mutating func append(_ amount: Amount) {
    if amount.trillionths < 0 { append(UInt8(ascii: "-")) }
    let (whole, fraction) = amount.trillionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000)
    if let whole = UInt64(exactly: whole) { append(decimal: whole) } else { append(utf8: String(whole)) }
    guard fraction > 0 else { return }
    append(UInt8(ascii: "."))
    var rest = UInt64(fraction)
    var unit: UInt64 = 100_000_000_000
    while rest > 0 {
      append(UInt8(truncatingIfNeeded: rest / unit) &+ 48)
      rest %= unit
      unit /= 10
    }
  }
}

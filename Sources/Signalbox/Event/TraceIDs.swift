import Wire

/// A W3C trace id: 16 bytes, not all zero.
public struct TraceID: Sendable, Hashable {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A new random id.
  public static func generate() -> TraceID {
    TraceID(high: RandomBits.nextPositive(), low: RandomBits.next())
  }

  /// Reads 32 lower-case hexadecimal digits; `nil` for anything else and for zero.
  public init?(_ hex: String) {
    guard hex.utf8.count == 32, let high = hexadecimal(hex.utf8.prefix(16)),
      let low = hexadecimal(hex.utf8.dropFirst(16)), high | low != 0
    else { return nil }
    self.init(high: high, low: low)
  }
}

/// A W3C span id: 8 bytes, not zero.
public struct SpanID: Sendable, Hashable {
  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  /// A new random id.
  public static func generate() -> SpanID { SpanID(bits: RandomBits.nextPositive()) }

  /// Reads 16 lower-case hexadecimal digits; `nil` for anything else and for zero.
  public init?(_ hex: String) {
    guard hex.utf8.count == 16, let bits = hexadecimal(hex.utf8[...]), bits != 0 else { return nil }
    self.init(bits: bits)
  }
}

extension TraceID: CustomStringConvertible {
  public var description: String {
    var writer = ByteWriter(capacity: 32)
    writer.append(self)
    return writer.string
  }
}

extension SpanID: CustomStringConvertible {
  public var description: String {
    var writer = ByteWriter(capacity: 16)
    writer.append(self)
    return writer.string
  }
}

extension ByteWriter {
  mutating func append(_ trace: TraceID) {
    append(hex: trace.high, digits: 16)
    append(hex: trace.low, digits: 16)
  }

  mutating func append(_ span: SpanID) { append(hex: span.bits, digits: 16) }
}

private func hexadecimal(_ digits: Substring.UTF8View) -> UInt64? {
  var value: UInt64 = 0
  for digit in digits {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - 48)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - 87)
    default: return nil
    }
  }
  return value
}

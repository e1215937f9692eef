extension PartialJSON {
  /// How far a number has come (RFC 8259 §6).
  enum NumberState: Sendable {
    case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits

    /// Whether the number may end here.
    var isWhole: Bool {
      switch self {
      case .zero, .integer, .fraction, .exponentDigits: true
      default: false
      }
    }

    var isInteger: Bool { self == .zero || self == .integer }

    /// `nil` when the byte does not continue the number.
    func after(_ byte: UInt8) -> NumberState? {
      switch (self, byte) {
      case (.start, UInt8(ascii: "-")): .minus
      case (.start, UInt8(ascii: "0")), (.minus, UInt8(ascii: "0")): .zero
      case (.start, UInt8(ascii: "1")...UInt8(ascii: "9")), (.minus, UInt8(ascii: "1")...UInt8(ascii: "9")):
        .integer
      case (.integer, UInt8(ascii: "0")...UInt8(ascii: "9")): .integer
      case (.zero, UInt8(ascii: ".")), (.integer, UInt8(ascii: ".")): .point
      case (.point, UInt8(ascii: "0")...UInt8(ascii: "9")),
        (.fraction, UInt8(ascii: "0")...UInt8(ascii: "9")):
        .fraction
      case (.zero, UInt8(ascii: "e")), (.integer, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "e")),
        (.zero, UInt8(ascii: "E")), (.integer, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "E")):
        .exponent
      case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): .exponentSign
      case (.exponent, UInt8(ascii: "0")...UInt8(ascii: "9")),
        (.exponentSign, UInt8(ascii: "0")...UInt8(ascii: "9")),
        (.exponentDigits, UInt8(ascii: "0")...UInt8(ascii: "9")):
        .exponentDigits
      default: nil
      }
    }
  }

  mutating func scanNumber(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var at = start
    while at < piece.count {
      guard let next = number.after(piece[at]) else {
        completeNumber(at: at, before: piece[at])
        return at
      }
      number = next
      held.append(piece[at])
      at += 1
    }
    return at
  }

  /// Ends the number, whose next byte is not part of it, at that place of the piece.
  mutating func completeNumber(at: Int, before byte: UInt8? = nil) {
    guard number.isWhole else {
      let found = byte.map { Self.shown($0) } ?? "the end"
      return fail(.invalid, "Expected a digit, found \(found)", at: at)
    }
    let text = String(decoding: held, as: UTF8.self)
    let start = at - held.count
    held.removeAll(keepingCapacity: true)
    if number.isInteger, let whole = Int64(text) { return complete(.int(whole)) }
    guard let value = Double(text), value.isFinite else {
      return fail(.limit, "The number is larger than a double holds", at: start)
    }
    complete(.double(value))
  }
}

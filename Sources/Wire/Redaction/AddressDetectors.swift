extension RedactionScan {
  /// An address that begins there: at most 64 bytes, `@`, a domain of at most 253 (RFC 5321, section 4.5.3.1) whose last
  /// label begins with a letter.
  mutating func email(_ at: Int) -> RedactionOutcome {
    // The letter of an escape is no part of the address.
    if at > 0, text[at - 1] == UInt8(ascii: "\\") { return .none }
    var i = at
    while i < text.count, `is`(i, ByteClass.local) { i += 1 }
    if i == text.count {
      if isFinal {
        noEmailBefore = i
        return .none
      }
      if i - at > 64 {
        noEmailBefore = i - 64
        return .none
      }
      return .more
    }
    guard text[i] == UInt8(ascii: "@") else {
      noEmailBefore = i
      return .none
    }
    guard i - at <= 64 else {
      noEmailBefore = i - 64
      return .none
    }
    return domain(behind: i)
  }

  private mutating func domain(behind sign: Int) -> RedactionOutcome {
    let first = sign + 1
    let longest = first + 253
    var i = first
    while i < text.count, i < longest, `is`(i, ByteClass.domain) {
      if text[i] == UInt8(ascii: "."), text[i - 1] == UInt8(ascii: ".") { break }
      i += 1
    }
    if i == longest { return .match(end: i, swallow: ByteClass.domain) }
    if i == text.count, !isFinal { return .more }
    var end = i
    while end > first, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "-") { end -= 1 }
    var label = end
    while label > first, text[label - 1] != UInt8(ascii: ".") { label -= 1 }
    let isDomain =
      label > first + 1 && end - label >= 2 && !`is`(label, ByteClass.digit)
      && text[label] != UInt8(ascii: "-") && text[first] != UInt8(ascii: ".")
    guard isDomain else {
      noEmailBefore = first
      return .none
    }
    return .match(end: end)
  }

  /// Four numbers up to 255 with dots between them.
  func ipv4(_ at: Int) -> RedactionOutcome {
    var i = at
    for part in 0..<4 {
      if part > 0 {
        guard i < text.count else { return ranOut }
        guard text[i] == UInt8(ascii: ".") else { return .none }
        i += 1
      }
      var value = 0
      let start = i
      while i < text.count, `is`(i, ByteClass.digit), i - start < 4 {
        value = value * 10 + Int(text[i] - 48)
        i += 1
      }
      if i == text.count, i - start < 4, !isFinal { return .more }
      guard 1...3 ~= i - start, value <= 255 else { return .none }
    }
    // A fifth part: a version, or another kind of number.
    if i < text.count, text[i] == UInt8(ascii: ".") {
      guard i + 1 < text.count else { return isFinal ? .match(end: i) : .more }
      if `is`(i + 1, ByteClass.digit) { return .none }
    }
    return .match(end: i)
  }

  /// Groups of hexadecimal digits (RFC 4291, section 2.2). A shortened address has five digits or more, and a decimal
  /// one among them: `a::b` is more often a name in a program.
  func ipv6(_ at: Int) -> RedactionOutcome {
    if at > 0, text[at - 1] == UInt8(ascii: ":") { return .none }
    var i = at
    var end = at
    while i < text.count, i - at <= 45 {
      let byte = text[i]
      guard `is`(i, ByteClass.hex) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else { break }
      i += 1
      // A full stop or a colon behind it is not its own.
      let isSecondColon = byte == UInt8(ascii: ":") && i - at >= 2 && text[i - 2] == byte
      if `is`(i - 1, ByteClass.hex) || isSecondColon { end = i }
    }
    guard i - at <= 45 else { return .none }
    if i == text.count, !isFinal { return .more }
    if i < text.count, `is`(i, ByteClass.alphanumeric) { return .none }
    return isIPv6(at..<end) ? .match(end: end) : .none
  }

  private func isIPv6(_ range: Range<Int>) -> Bool {
    var groups = 0
    var digits = 0
    var total = 0
    var isShort = false
    var hasDecimal = false
    var i = range.lowerBound
    while i < range.upperBound {
      if `is`(i, ByteClass.hex) {
        digits += 1
        total += 1
        if digits == 1 { groups += 1 }
        if `is`(i, ByteClass.digit) { hasDecimal = true }
        guard digits <= 4 else { return false }
        i += 1
        continue
      }
      if text[i] == UInt8(ascii: ".") {
        // The last 32 bits may be written as an IPv4 address.
        let start = i - digits
        let part = RedactionScan(
          set, UnsafeRawBufferPointer(rebasing: text[start..<range.upperBound]), isFinal: true)
        guard digits > 0, case .match(let end, _) = part.ipv4(0), end == part.text.count else { return false }
        return isShort ? groups <= 6 : groups == 7
      }
      let isDouble = i + 1 < range.upperBound && text[i + 1] == UInt8(ascii: ":")
      if isDouble {
        guard !isShort else { return false }
        isShort = true
      } else if digits == 0 {
        return false
      }
      digits = 0
      i += isDouble ? 2 : 1
    }
    return isShort ? groups < 8 && total >= 5 && hasDecimal : groups == 8
  }
}

extension RedactionScan {
  // MARK: Cards and accounts

  /// 13 to 19 digits, in groups of three or more with single spaces or hyphens between them, that begin as an issuer's
  /// and end with the right check digit.
  func card(_ at: Int) -> RedactionOutcome {
    guard 50...54 ~= text[at] else { return .none }
    var ends = InlineArray<8, (end: Int, count: Int)>(repeating: (0, 0))
    var groups = 0
    var count = 0
    var i = at
    while groups < 8 {
      let start = i
      while i < text.count, `is`(i, ByteClass.digit), count + i - start <= 19 { i += 1 }
      if i == text.count, !isFinal { return .more }
      count += i - start
      guard i - start >= 3, count <= 19 else { break }
      ends[groups] = (i, count)
      groups += 1
      guard i < text.count, text[i] == UInt8(ascii: " ") || text[i] == UInt8(ascii: "-") else { break }
      i += 1
      if i == text.count, !isFinal { return .more }
      guard i < text.count, `is`(i, ByteClass.digit) else { break }
    }
    while groups > 0 {
      groups -= 1
      let (end, count) = ends[groups]
      if isIssued(at, count), luhn(at, end) { return .match(end: end) }
    }
    return .none
  }

  /// Whether cards of some issuer begin like this and have so many digits.
  private func isIssued(_ at: Int, _ count: Int) -> Bool {
    guard count >= 13 else { return false }
    let second = text[at + 1] - 48
    switch text[at] - 48 {
    case 2: return count == 16 && 2...7 ~= second
    case 3: return second == 4 || second == 7 ? count == 15 : count >= 14
    case 4: return count == 13 || count == 16 || count == 19
    case 5: return count == 16 && 1...8 ~= second
    case 6: return count >= 16
    default: return false
    }
  }

  private func luhn(_ start: Int, _ end: Int) -> Bool {
    var sum = 0
    var doubles = false
    var i = end
    while i > start {
      i -= 1
      guard `is`(i, ByteClass.digit) else { continue }
      let value = Int(text[i] - 48) * (doubles ? 2 : 1)
      sum += value > 9 ? value - 9 : value
      doubles.toggle()
    }
    return sum % 10 == 0
  }

  /// Two capitals, two check digits and 11 to 30 capitals and digits, with single spaces anywhere between groups.
  func iban(_ at: Int) -> RedactionOutcome {
    for place in 1..<4 {
      guard at + place < text.count else { return ranOut }
      let byte = text[at + place]
      guard place == 1 ? 65...90 ~= byte : 48...57 ~= byte else { return .none }
    }
    var ends = InlineArray<16, Int>(repeating: 0)
    var groups = 0
    var count = 4
    var i = at + 4
    while groups < 16 {
      while i < text.count, isCapital(i), count <= 34 {
        i += 1
        count += 1
      }
      if i == text.count, !isFinal { return .more }
      guard count <= 34 else { break }
      let isEnd = i == text.count || !`is`(i, ByteClass.alphanumeric)
      guard isEnd else { break }
      if count >= 15 {
        ends[groups] = i
        groups += 1
      }
      guard i < text.count, text[i] == UInt8(ascii: " ") else { break }
      if i + 1 == text.count, !isFinal { return .more }
      guard i + 1 < text.count, isCapital(i + 1) else { break }
      i += 1
    }
    while groups > 0 {
      groups -= 1
      if mod97(at, ends[groups]) == 1 { return .match(end: ends[groups]) }
    }
    return .none
  }

  private func isCapital(_ at: Int) -> Bool { 65...90 ~= text[at] || 48...57 ~= text[at] }

  private func mod97(_ start: Int, _ end: Int) -> Int {
    var rest = 0
    func take(_ range: Range<Int>) {
      for i in range where text[i] != UInt8(ascii: " ") {
        let byte = text[i]
        rest = byte < 65 ? rest * 10 + Int(byte - 48) : rest * 100 + Int(byte - 55)
        rest %= 97
      }
    }
    take(start + 4..<end)
    take(start..<start + 4)
    return rest
  }

  // MARK: Forms

  /// `d` is a digit, `N` one from 2 on, `s` a separator (the same each time), `o` a space or nothing; other bytes stand
  /// for themselves. No digit may follow.
  private func form(_ form: StaticString, _ at: Int, separators: StaticString) -> RedactionOutcome {
    var i = at
    var separator: UInt8 = 0
    for place in 0..<form.utf8CodeUnitCount {
      guard i < text.count else { return ranOut }
      let byte = text[i]
      switch form.utf8Start[place] {
      case UInt8(ascii: "d"): guard `is`(i, ByteClass.digit) else { return .none }
      case UInt8(ascii: "N"): guard 50...57 ~= byte else { return .none }
      case UInt8(ascii: "s"):
        if separator == 0 {
          for choice in 0..<separators.utf8CodeUnitCount where separators.utf8Start[choice] == byte {
            separator = byte
          }
        }
        guard byte == separator else { return .none }
      case UInt8(ascii: "o"): if byte != UInt8(ascii: " ") { continue }
      case let other: guard byte == other else { return .none }
      }
      i += 1
    }
    guard i < text.count else { return isFinal ? .match(end: i) : .more }
    return `is`(i, ByteClass.digit) ? .none : .match(end: i)
  }

  /// A number in the form 123-45-6789, of those that are given out.
  func ssn(_ at: Int) -> RedactionOutcome {
    let outcome = form("dddsddsdddd", at, separators: "- ")
    guard case .match = outcome else { return outcome }
    func number(_ from: Int, _ count: Int) -> Int {
      (from..<from + count).reduce(0) { $0 * 10 + Int(text[$1] - 48) }
    }
    let area = number(at, 3)
    guard area != 0, area != 666, area < 900, number(at + 4, 2) != 0, number(at + 7, 4) != 0 else {
      return .none
    }
    return outcome
  }

  /// A North American number: (202) 555-0134, 202-555-0134, 202.555.0134, with a 1 before it or not.
  func phone(_ at: Int) -> RedactionOutcome {
    let forms: InlineArray<4, StaticString> =
      ["(Ndd)oNddsdddd", "NddsNddsdddd", "1sNddsNddsdddd", "1o(Ndd)oNddsdddd"]
    for i in forms.indices {
      switch form(forms[i], at, separators: "-. ") {
      case .none: continue
      case let outcome: return outcome
      }
    }
    return .none
  }

  /// `+`, then 8 to 15 digits with at most two separators between two of them. Digits beyond belong to something else
  /// where a separator stands before them.
  func internationalPhone(_ at: Int) -> RedactionOutcome {
    var i = at + 1
    guard i < text.count else { return ranOut }
    guard 49...57 ~= text[i] else { return .none }
    var end = 0
    var count = 0
    while true {
      let start = i
      while i < text.count, `is`(i, ByteClass.digit), count + i - start <= 15 { i += 1 }
      if i == text.count, !isFinal { return .more }
      count += i - start
      guard count <= 15 else { break }
      end = i
      if count >= 8, i == text.count { break }
      var separators = 0
      while i < text.count, separators < 3, isSeparator(text[i]) {
        i += 1
        separators += 1
      }
      if i == text.count, separators < 3, !isFinal { return .more }
      guard separators < 3, i < text.count, `is`(i, ByteClass.digit) else { break }
    }
    let digits = (at..<max(end, at)).reduce(0) { $0 + (`is`($1, ByteClass.digit) ? 1 : 0) }
    return 8...15 ~= digits ? .match(end: end) : .none
  }

  private func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "/"):
      true
    default: false
    }
  }
}

/// A regular expression taken apart.
indirect enum TextPatternTree {
  case scalar(ScalarSet)
  case assertion(TextPattern.Assertion)
  case sequence([TextPatternTree])
  case alternatives([TextPatternTree])
  case repeated(TextPatternTree, min: Int, max: Int?)
}

/// Reads regular expressions: alternatives, groups, classes, the quantifiers, `^`, `$`, `\b`, and escapes.
struct TextPatternParser {
  private var rest: Substring.UnicodeScalarView
  private var depth = 0

  private static let depthLimit = 64
  private static let countLimit = 1000

  init(_ text: String) { rest = text[...].unicodeScalars }

  typealias Malformed = TextPattern.Malformed

  mutating func pattern() throws(Malformed) -> TextPatternTree {
    let tree = try alternatives()
    guard rest.isEmpty else { throw Malformed(message: "A ')' closes no group") }
    return tree
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func alternatives() throws(Malformed) -> TextPatternTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw Malformed(message: "Nested too deeply") }
    var all = [try sequence()]
    while take("|") { all.append(try sequence()) }
    return all.count == 1 ? all[0] : .alternatives(all)
  }

  private mutating func sequence() throws(Malformed) -> TextPatternTree {
    var parts: [TextPatternTree] = []
    while let next = rest.first, next != "|", next != ")" { parts.append(try quantified()) }
    return .sequence(parts)
  }

  private mutating func quantified() throws(Malformed) -> TextPatternTree {
    let atom = try atom()
    guard let (min, max) = try quantifier() else { return atom }
    if case .assertion = atom { throw Malformed(message: "A quantifier follows nothing that can repeat") }
    // Whether as little as possible is taken first makes no difference to whether there is a match.
    _ = take("?")
    return .repeated(atom, min: min, max: max)
  }

  private mutating func quantifier() throws(Malformed) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let saved = rest
    guard take("{"), let min = number() else {
      rest = saved
      return nil
    }
    var max: Int? = min
    if take(",") { max = number() }
    guard take("}") else {
      rest = saved
      return nil
    }
    guard min <= Self.countLimit, max ?? 0 <= Self.countLimit, min <= max ?? min else {
      throw Malformed(message: "A quantifier is out of order or above \(Self.countLimit)")
    }
    return (min, max)
  }

  private mutating func number() -> Int? {
    let digits = rest.prefix { "0"..."9" ~= $0 }
    rest = rest[digits.endIndex...]
    return digits.isEmpty ? nil : Int(String(Substring(digits))) ?? Int.max
  }

  private mutating func atom() throws(Malformed) -> TextPatternTree {
    let scalar = rest.removeFirst()
    switch scalar {
    case "^": return .assertion(.start)
    case "$": return .assertion(.end)
    case ".": return .scalar(.notLineEnd)
    case "(": return try group()
    case "[": return .scalar(try characterClass())
    case "*", "+", "?": throw Malformed(message: "A quantifier follows nothing that can repeat")
    case "\\":
      if take("b") { return .assertion(.wordBoundary) }
      if take("B") { return .assertion(.noWordBoundary) }
      return .scalar(try escape())
    default: return .scalar(ScalarSet(scalar))
    }
  }

  private mutating func group() throws(Malformed) -> TextPatternTree {
    if take("?") {
      if take("<"), let next = rest.first, next != "=", next != "!" {
        guard let end = rest.firstIndex(of: ">") else {
          throw Malformed(message: "A group's name has no end")
        }
        rest = rest[rest.index(after: end)...]
      } else if !take(":") {
        throw Malformed(message: "Look-around and options in groups are not supported")
      }
    }
    let tree = try alternatives()
    guard take(")") else { throw Malformed(message: "A group has no end") }
    return tree
  }

  private mutating func characterClass() throws(Malformed) -> ScalarSet {
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !take("]") {
      let low = try classMember()
      guard rest.first == "-", rest.dropFirst().first != "]", let first = low.single else {
        ranges += low.ranges
        continue
      }
      rest.removeFirst()
      guard let last = try classMember().single, first <= last else {
        throw Malformed(message: "A range in a class is out of order")
      }
      ranges.append(first...last)
    }
    return ScalarSet(ranges, isNegated: isNegated)
  }

  private mutating func classMember() throws(Malformed) -> ScalarSet {
    guard let scalar = rest.popFirst() else { throw Malformed(message: "A class has no end") }
    guard scalar == "\\" else { return ScalarSet(scalar) }
    if take("b") { return ScalarSet("\u{08}") }
    let set = try escape()
    return set.isNegated ? ScalarSet(ScalarSet.complement(of: set.ranges)) : set
  }

  /// What follows a backslash.
  private mutating func escape() throws(Malformed) -> ScalarSet {
    guard let scalar = rest.popFirst() else { throw Malformed(message: "The pattern ends with a backslash") }
    switch scalar {
    case "d": return .digit
    case "D": return ScalarSet(ScalarSet.digit.ranges, isNegated: true)
    case "w": return .word
    case "W": return ScalarSet(ScalarSet.word.ranges, isNegated: true)
    case "s": return .space
    case "S": return ScalarSet(ScalarSet.space.ranges, isNegated: true)
    case "t": return ScalarSet("\t")
    case "n": return ScalarSet("\n")
    case "r": return ScalarSet("\r")
    case "f": return ScalarSet("\u{0C}")
    case "v": return ScalarSet("\u{0B}")
    case "0": return ScalarSet("\0")
    case "x": return ScalarSet(try hexadecimal(2))
    case "u": return ScalarSet(try unicode())
    case "a"..."z", "A"..."Z", "1"..."9":
      throw Malformed(message: "The escape \\\(Character(scalar)) is not supported")
    default: return ScalarSet(scalar)
    }
  }

  private mutating func unicode() throws(Malformed) -> Unicode.Scalar {
    if take("{") {
      let digits = rest.prefix { $0 != "}" }
      rest = rest[digits.endIndex...]
      guard take("}"), let scalar = UInt32(String(Substring(digits)), radix: 16).flatMap(Unicode.Scalar.init)
      else {
        throw Malformed(message: "A \\u{…} is no Unicode scalar")
      }
      return scalar
    }
    let saved = rest
    guard let high = unit(4), 0xD800...0xDBFF ~= high else {
      rest = saved
      return try hexadecimal(4)
    }
    guard take("\\"), take("u"), let low = unit(4), 0xDC00...0xDFFF ~= low,
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw Malformed(message: "A surrogate lacks its other half") }
    return scalar
  }

  private mutating func hexadecimal(_ count: Int) throws(Malformed) -> Unicode.Scalar {
    guard let scalar = unit(count).flatMap(Unicode.Scalar.init) else {
      throw Malformed(message: "An escape lacks its \(count) hexadecimal digits")
    }
    return scalar
  }

  private mutating func unit(_ count: Int) -> UInt32? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
    rest = rest[digits.endIndex...]
    return UInt32(String(Substring(digits)), radix: 16)
  }
}

extension ScalarSet {
  /// The only scalar of the set, as the end of a range.
  fileprivate var single: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1, !isNegated else { return nil }
    return ranges[0].lowerBound
  }
}

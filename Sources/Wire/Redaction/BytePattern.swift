/// A pattern of the user's own: literal text, classes of characters, and how often they may stand.
///
/// `EMP-\d{6}`, `[A-Z]{2}\d{4,6}x?`. Characters stand for themselves; `\d`, `\w` and `\s` are a digit, a character of a
/// word and white space, `.` any ASCII character but a line break, `[a-z]` and `[^a-z]` a class of ASCII characters;
/// `{m}`, `{m,n}` and `?` say how often. A pattern has at most 64 characters when all that may stand does. It finds the
/// longest text that it can, in time that grows with the text's length times 64 at most: all its states are one word.
package struct BytePattern: Sendable {
  /// Why a pattern is not taken.
  package struct Invalid: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  static let longest = 64

  /// For each byte, the places of the pattern that it fits.
  private let fits: [UInt64]
  /// Places that may be left out: for each place, those that are next once it is reached.
  private let reach: [UInt64]
  private let end: UInt64

  /// - Parameter ignoresCase: ASCII letters stand for both cases.
  package init(_ text: String, ignoresCase: Bool = false) throws(Invalid) {
    var parser = PatternParser(bytes: Array(text.utf8), ignoresCase: ignoresCase)
    let places = try parser.parse()
    guard places.contains(where: { !$0.isOptional }) else {
      throw Invalid(description: "it would find a text of no characters")
    }
    var fits = [UInt64](repeating: 0, count: 256)
    for (number, place) in places.enumerated() {
      for byte in place.bytes { fits[Int(byte)] |= 1 << UInt64(number) }
    }
    self.fits = fits
    // State n: n places are behind us. A word has room for states 0 to 63, and the end by itself.
    var reach = [UInt64](repeating: 0, count: places.count)
    var ends = [Bool](repeating: false, count: places.count + 1)
    ends[places.count] = true
    for number in places.indices.reversed() {
      reach[number] = 1 << UInt64(number)
      guard places[number].isOptional else { continue }
      ends[number] = ends[number + 1]
      if number + 1 < places.count { reach[number] |= reach[number + 1] }
    }
    self.reach = reach
    var end: UInt64 = 0
    // Having taken place n is to be in state n + 1.
    for number in places.indices where ends[number + 1] { end |= 1 << UInt64(number) }
    self.end = end
  }

  func canBegin(with byte: UInt8) -> Bool { fits[Int(byte)] & reach[0] != 0 }

  /// The longest that begins there.
  func match(_ text: UnsafeRawBufferPointer, at start: Int, isFinal: Bool) -> RedactionOutcome {
    var active = reach[0]
    var found: Int?
    var i = start
    while active != 0 {
      guard i < text.count else {
        if isFinal { break }
        return .more
      }
      var taken = active & fits[Int(text[i])]
      i += 1
      if taken & end != 0 { found = i }
      active = 0
      while taken != 0 {
        let place = taken.trailingZeroBitCount
        taken &= taken - 1
        if place + 1 < reach.count { active |= reach[place + 1] }
      }
    }
    return found.map { .match(end: $0) } ?? .none
  }
}

private struct PatternParser {
  struct Place {
    var bytes: [UInt8]
    var isOptional = false
  }

  let bytes: [UInt8]
  let ignoresCase: Bool
  private var at = 0

  init(bytes: [UInt8], ignoresCase: Bool) {
    self.bytes = bytes
    self.ignoresCase = ignoresCase
  }

  private static let digits = Array(UInt8(48)...57)
  private static let word = digits + Array(65...90) + Array(97...122) + [95]
  private static let space: [UInt8] = [9, 10, 11, 12, 13, 32]

  mutating func parse() throws(BytePattern.Invalid) -> [Place] {
    var places: [Place] = []
    while at < bytes.count {
      let element = try self.element()
      let (least, most) = try count(isASCII: element.allSatisfy { $0 < 0x80 })
      places += (0..<most).map { Place(bytes: element, isOptional: $0 >= least) }
      guard places.count <= BytePattern.longest else {
        throw BytePattern.Invalid(description: "it is longer than \(BytePattern.longest) characters")
      }
    }
    guard !places.isEmpty else { throw BytePattern.Invalid(description: "it is empty") }
    return places
  }

  private mutating func element() throws(BytePattern.Invalid) -> [UInt8] {
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\\"): return try escape()
    case UInt8(ascii: "["): return try characters()
    case UInt8(ascii: "."): return (0..<128).filter { $0 != 10 && $0 != 13 }
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "$"),
      UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"), UInt8(ascii: "}"),
      UInt8(ascii: "]"):
      let sign = Character(Unicode.Scalar(byte))
      let fix =
        byte == 42 || byte == 43 ? "say how often at most, as in {1,20}" : "write \\\(sign) for the character"
      throw BytePattern.Invalid(description: "'\(sign)' is not supported there; \(fix)")
    default: return cased([byte])
    }
  }

  private mutating func escape() throws(BytePattern.Invalid) -> [UInt8] {
    guard at < bytes.count else {
      throw BytePattern.Invalid(description: "nothing follows its last backslash")
    }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "d"): return Self.digits
    case UInt8(ascii: "w"): return Self.word
    case UInt8(ascii: "s"): return Self.space
    case 48...57, 65...90, 97...122, 128...:
      throw BytePattern.Invalid(
        description: "the escape \\\(Character(Unicode.Scalar(byte))) is not supported")
    default: return [byte]
    }
  }

  private mutating func characters() throws(BytePattern.Invalid) -> [UInt8] {
    let open = BytePattern.Invalid(description: "a class that begins with [ has no ]")
    var isNegated = false
    if at < bytes.count, bytes[at] == UInt8(ascii: "^") {
      isNegated = true
      at += 1
    }
    var set: Set<UInt8> = []
    while true {
      guard at < bytes.count else { throw open }
      if bytes[at] == UInt8(ascii: "]") { break }
      let first = try member()
      guard first.count == 1, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "-"),
        bytes[at + 1] != UInt8(ascii: "]")
      else {
        set.formUnion(first)
        continue
      }
      at += 1
      let last = try member()
      guard last.count == 1, first[0] <= last[0] else {
        throw BytePattern.Invalid(
          description: "a range in a class goes from a character to a later one, as in a-z")
      }
      set.formUnion(first[0]...last[0])
    }
    at += 1
    set.formUnion(cased(Array(set)))
    if isNegated { set = Set(0..<128).subtracting(set) }
    guard !set.isEmpty else { throw BytePattern.Invalid(description: "a class has no characters") }
    return set.sorted()
  }

  private mutating func member() throws(BytePattern.Invalid) -> [UInt8] {
    let byte = bytes[at]
    at += 1
    guard byte < 0x80 else { throw BytePattern.Invalid(description: "a class has ASCII characters only") }
    return byte == UInt8(ascii: "\\") ? try escape() : [byte]
  }

  private func cased(_ set: [UInt8]) -> [UInt8] {
    guard ignoresCase else { return set }
    return set.flatMap { 65...90 ~= $0 & 0xDF ? [$0 & 0xDF, $0 | 0x20] : [$0] }
  }

  /// How often at least and at most.
  private mutating func count(isASCII: Bool) throws(BytePattern.Invalid) -> (Int, Int) {
    guard at < bytes.count else { return (1, 1) }
    var counts = (1, 1)
    if bytes[at] == UInt8(ascii: "?") {
      at += 1
      counts = (0, 1)
    } else if bytes[at] == UInt8(ascii: "{") {
      at += 1
      let least = try number()
      var most = least
      if at < bytes.count, bytes[at] == UInt8(ascii: ",") {
        at += 1
        most = try number()
      }
      guard at < bytes.count, bytes[at] == UInt8(ascii: "}"), least <= most, most > 0 else {
        throw Self.badCount
      }
      at += 1
      counts = (least, most)
    } else {
      return counts
    }
    guard isASCII else {
      throw BytePattern.Invalid(
        description: "only ASCII characters can be said to stand more or less than once")
    }
    return counts
  }

  private static let badCount = BytePattern.Invalid(
    description: "how often is said as {m} or {m,n} with numbers up to \(BytePattern.longest)")

  private mutating func number() throws(BytePattern.Invalid) -> Int {
    var value = 0
    let start = at
    while at < bytes.count, 48...57 ~= bytes[at], value <= BytePattern.longest {
      value = value * 10 + Int(bytes[at] - 48)
      at += 1
    }
    guard at > start, value <= BytePattern.longest else { throw Self.badCount }
    return value
  }
}

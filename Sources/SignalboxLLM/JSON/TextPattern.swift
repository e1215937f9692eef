/// A regular expression, as ECMA-262 writes it and JSON Schema uses it: it matches when any part of the text does.
///
/// Own code, because a pattern and a text must not be able to hold up the program: a backtracking engine takes
/// exponential time for some. This one follows all ways at once, in time proportional to the text, and therefore
/// has neither back references nor look-around; nor has it `\p`.
struct TextPattern: Sendable {
  struct Malformed: Error {
    let message: String
  }

  enum Assertion: Sendable {
    case start, end, wordBoundary, noWordBoundary
  }

  enum Instruction: Sendable {
    case scalar(ScalarSet)
    case assert(Assertion)
    case split(Int, Int)
    case jump(Int)
    case match
  }

  let text: String
  private let program: [Instruction]

  init(_ text: String) throws(Malformed) {
    self.text = text
    var parser = TextPatternParser(text)
    program = try TextPatternWriter.write(try parser.pattern())
  }

  /// Adds the states that it went through to `work`, and gives up with `false` when that exceeds the limit.
  func matches(_ text: String, counting work: inout Int, limit: Int) -> Bool {
    var current: [Int] = []
    var next: [Int] = []
    var pending: [Int] = []
    // At which place of the text a state was last entered: a state is entered once a place.
    var entered = Array(repeating: -1, count: program.count)
    var previous: Unicode.Scalar?
    var scalars = text.unicodeScalars.makeIterator()
    var at = 0
    var scalar = scalars.next()

    /// Follows a state to those that read a scalar; says whether the end of the pattern is among them.
    func enter(_ state: Int, into states: inout [Int]) -> Bool {
      pending.append(state)
      while let state = pending.popLast() {
        guard entered[state] < at else { continue }
        entered[state] = at
        work += 1
        switch program[state] {
        case .match:
          pending.removeAll()
          return true
        case .scalar: states.append(state)
        case .jump(let other): pending.append(other)
        case .split(let one, let other): pending += [other, one]
        case .assert(let assertion):
          if holds(assertion, previous, scalar) { pending.append(state + 1) }
        }
      }
      return false
    }

    while true {
      if enter(0, into: &current) { return true }
      guard let read = scalar, work <= limit else { return false }
      previous = read
      scalar = scalars.next()
      at += 1
      for state in current {
        if case .scalar(let set) = program[state], set.contains(read), enter(state + 1, into: &next) {
          return true
        }
      }
      swap(&current, &next)
      next.removeAll(keepingCapacity: true)
    }
  }

  private func holds(_ assertion: Assertion, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
    func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { ScalarSet.word.contains($0) } ?? false }
    return switch assertion {
    case .start: before == nil
    case .end: after == nil
    case .wordBoundary: isWord(before) != isWord(after)
    case .noWordBoundary: isWord(before) == isWord(after)
    }
  }
}

/// A set of Unicode scalars.
struct ScalarSet: Sendable {
  var ranges: [ClosedRange<UInt32>]
  var isNegated = false

  init(_ ranges: [ClosedRange<UInt32>], isNegated: Bool = false) {
    self.ranges = ranges
    self.isNegated = isNegated
  }

  init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) } != isNegated
  }

  /// The scalars that are not in these ranges.
  static func complement(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return result
  }

  static let digit = ScalarSet([48...57])
  static let word = ScalarSet([48...57, 65...90, 95...95, 97...122])
  /// White space and line ends of ECMA-262.
  static let space = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  /// What `.` matches: all but line ends.
  static let notLineEnd = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029], isNegated: true)
}

/// Writes the program of a regular expression.
struct TextPatternWriter {
  private var program: [TextPattern.Instruction] = []

  /// Bounds what repetitions of repetitions add up to.
  private static let limit = 10_000

  static func write(_ tree: TextPatternTree) throws(TextPattern.Malformed) -> [TextPattern.Instruction] {
    var writer = TextPatternWriter()
    try writer.write(tree)
    try writer.add(.match)
    return writer.program
  }

  @discardableResult
  private mutating func add(_ instruction: TextPattern.Instruction) throws(TextPattern.Malformed) -> Int {
    guard program.count < Self.limit else { throw TextPattern.Malformed(message: "The pattern is too large") }
    program.append(instruction)
    return program.count - 1
  }

  private mutating func write(_ tree: TextPatternTree) throws(TextPattern.Malformed) {
    switch tree {
    case .scalar(let set): try add(.scalar(set))
    case .assertion(let assertion): try add(.assert(assertion))
    case .sequence(let parts): for part in parts { try write(part) }
    case .alternatives(let all): try write(alternatives: all)
    case .repeated(let part, let min, let max):
      for _ in 0..<min { try write(part) }
      if let max {
        try write(part, optionally: max - min)
      } else {
        try writeLoop(part)
      }
    }
  }

  private mutating func write(alternatives: [TextPatternTree]) throws(TextPattern.Malformed) {
    var ends: [Int] = []
    for (place, alternative) in alternatives.enumerated() {
      guard place < alternatives.count - 1 else {
        try write(alternative)
        break
      }
      let split = try add(.jump(0))
      try write(alternative)
      ends.append(try add(.jump(0)))
      program[split] = .split(split + 1, program.count)
    }
    for end in ends { program[end] = .jump(program.count) }
  }

  private mutating func write(
    _ part: TextPatternTree, optionally count: Int
  ) throws(TextPattern.Malformed) {
    var splits: [Int] = []
    for _ in 0..<count {
      splits.append(try add(.jump(0)))
      try write(part)
    }
    for split in splits { program[split] = .split(split + 1, program.count) }
  }

  private mutating func writeLoop(_ part: TextPatternTree) throws(TextPattern.Malformed) {
    let split = try add(.jump(0))
    try write(part)
    try add(.jump(split))
    program[split] = .split(split + 1, program.count)
  }
}

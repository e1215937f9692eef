/// What one check of `doctor` found, and what to do about it.
struct Finding: Equatable, Sendable {
  enum Level: Sendable {
    case good, warning, bad
  }

  let level: Level
  let subject: String
  let text: String
  /// A command or a sentence; empty when all is well.
  let fix: String

  static func good(_ subject: String, _ text: String) -> Finding {
    Finding(level: .good, subject: subject, text: text, fix: "")
  }

  static func warning(_ subject: String, _ text: String, fix: String) -> Finding {
    Finding(level: .warning, subject: subject, text: text, fix: fix)
  }

  static func bad(_ subject: String, _ text: String, fix: String) -> Finding {
    Finding(level: .bad, subject: subject, text: text, fix: fix)
  }

  /// `✓ server  answers at http://127.0.0.1:7446`, and the fix below what is not well.
  func lines(colour: Bool) -> [StyledLine] {
    var line = StyledLine()
    switch level {
    case .good: line.add(colour ? "✓ " : "ok       ", .green)
    case .warning: line.add(colour ? "! " : "warning  ", .yellow)
    case .bad: line.add(colour ? "✗ " : "bad      ", .red)
    }
    line.add(Help.padded(subject, to: 12) + " ", .bold)
    line.add(PlainText.line(text))
    guard !fix.isEmpty else { return [line] }
    var second = StyledLine()
    second.add(String(repeating: " ", count: colour ? 15 : 22))
    second.add("→ " + PlainText.line(fix), .cyan)
    return [line, second]
  }
}

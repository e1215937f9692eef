@testable import SignalboxCLI

/// A terminal that knows just the sequences `LiveArea` may send; anything else is noted as a fault.
struct Screen {
  private(set) var rows: [String] = [""]
  private(set) var faults: [String] = []
  private var row = 0

  mutating func feed(_ text: String) {
    var rest = Substring(text)
    while let character = rest.first {
      if character == "\u{1B}" {
        rest.removeFirst()
        escape(&rest)
      } else if character == "\n" {
        rest.removeFirst()
        row += 1
        if row == rows.count { rows.append("") }
      } else if character == "\r" {
        rest.removeFirst()
      } else {
        rows[row].append(character)
        rest.removeFirst()
      }
    }
  }

  private mutating func escape(_ rest: inout Substring) {
    guard rest.popFirst() == "[" else { return faults.append("not a control sequence") }
    let parameters = rest.prefix { !$0.isLetter }
    rest.removeFirst(parameters.count)
    switch (rest.popFirst(), parameters) {
    case ("A", let count): row = max(0, row - (Int(count) ?? 1))
    case ("J", ""):
      rows.removeSubrange((row + 1)...)
      rows[row] = ""
    case ("K", "2"): rows[row] = ""
    case ("m", _), ("h", "?2026"), ("l", "?2026"): break
    case (let final, _): faults.append("\(parameters)\(final.map(String.init) ?? "")")
    }
  }
}

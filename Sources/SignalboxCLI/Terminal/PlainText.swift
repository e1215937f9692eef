/// Makes text from events fit to be printed: nothing in it may steer the terminal.
enum PlainText {
  /// The text on one line: control and direction characters removed, runs of white space made one space.
  static func line(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var gap = false
    for scalar in text.unicodeScalars {
      if isSpace(scalar) {
        gap = true
        continue
      }
      if steers(scalar) { continue }
      if gap, !result.isEmpty { result.append(" ") }
      gap = false
      result.append(scalar)
    }
    if gap, !result.isEmpty { result.append(" ") }
    return String(result)
  }

  /// The text with its line breaks and tabs kept (a tab becomes two spaces), everything else that steers
  /// removed.
  static func block(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(scalar)
      case "\t": result.append(contentsOf: "  ".unicodeScalars)
      default: if !steers(scalar) { result.append(scalar) }
      }
    }
    return String(result)
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20, 0x09...0x0D, 0x85, 0xA0, 0x2028, 0x2029: true
    default: false
    }
  }

  /// C0 and C1 controls, DEL, and the characters that turn the direction of text or tag it invisibly.
  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F: true
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xE0000...0xE007F: true
    default: false
    }
  }
}

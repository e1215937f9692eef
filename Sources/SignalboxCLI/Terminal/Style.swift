/// A look of a piece of text, as SGR parameters (ECMA-48 §8.3.117).
enum Style: String, Sendable {
  case plain = ""
  case dim = "2"
  case bold = "1"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"
  case magenta = "35"
  case cyan = "36"
}

/// Text in pieces, each with its look: the only form in which colour reaches the terminal.
struct StyledLine: Equatable, Sendable {
  private(set) var pieces: [Piece] = []

  struct Piece: Equatable, Sendable {
    let text: String
    let style: Style
  }

  /// Columns it takes.
  var width: Int { pieces.reduce(0) { $0 + DisplayWidth.of($1.text) } }

  /// The text alone.
  var text: String { pieces.map(\.text).joined() }

  mutating func add(_ text: String, _ style: Style = .plain) {
    if !text.isEmpty { pieces.append(Piece(text: text, style: style)) }
  }

  /// What to print: with escape sequences for the looks when `colour` is set.
  func rendered(colour: Bool) -> String {
    guard colour else { return text }
    var result = ""
    for piece in pieces {
      if piece.style == .plain {
        result += piece.text
      } else {
        result += "\u{1B}[\(piece.style.rawValue)m\(piece.text)\u{1B}[0m"
      }
    }
    return result
  }
}

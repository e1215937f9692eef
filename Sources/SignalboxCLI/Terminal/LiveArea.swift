/// Draws lines that stay and, below them, a few that are drawn again and again in place.
///
/// Pure: it turns lines into the text that a terminal must be sent. Escape sequences: ECMA-48 CUU, ED, EL and
/// the private mode 2026 (synchronized output), which terminals without it ignore.
struct LiveArea: Sendable {
  /// Lines of the moving part that are on the screen.
  private var shown: [String] = []

  init() {}

  /// Text that prints `finished` for good and replaces the moving part by `live`.
  mutating func draw(finished: [String], live: [String]) -> String {
    if finished.isEmpty, live == shown { return "" }
    var text = "\u{1B}[?2026h"
    if finished.isEmpty, live.count == shown.count {
      text += patch(live)
    } else {
      if !shown.isEmpty { text += "\u{1B}[\(shown.count)A\r\u{1B}[J" }
      for line in finished + live { text += line + "\n" }
    }
    shown = live
    return text + "\u{1B}[?2026l"
  }

  /// Rewrites only the lines that changed.
  private func patch(_ live: [String]) -> String {
    var text = "\u{1B}[\(live.count)A"
    for (line, old) in zip(live, shown) {
      if line != old { text += "\r\u{1B}[2K" + line }
      text += "\n"
    }
    return text
  }
}

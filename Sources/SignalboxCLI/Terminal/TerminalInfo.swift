#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What standard output is.
enum TerminalInfo {
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns and rows of the terminal; 80 by 24 when it does not tell.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether to use colour: a terminal that can, and nobody said no (https://no-color.org).
  static func wantsColour(_ environment: (String) -> String?) -> Bool {
    if let said = environment("NO_COLOR"), !said.isEmpty { return false }
    return isTerminal && environment("TERM") != "dumb"
  }

  /// Seconds east of Greenwich, now and here.
  static var utcOffset: Int {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return parts.tm_gmtoff
  }
}

import JSONScan
import Wire

/// A trace in the list of `GET /v1/traces`.
struct TraceSummary: Sendable {
  var trace = ""
  var session = ""
  var name = ""
  var status = ""
  /// Nanoseconds since 1970.
  var started: Int64 = 0
  /// Milliseconds; nil while it runs.
  var duration: Double?
  var spans = 0
  var model = ""
  var usage: ShownUsage?
  var error = ""

  init() {}

  init(_ json: JSONValueView) {
    trace = json["trace"]?.string ?? ""
    session = json["session"]?.string ?? ""
    name = json["name"]?.string ?? ""
    status = json["status"]?.string ?? ""
    started = (json["started"]?.bytes).flatMap { Timestamp(rfc3339: $0)?.nanoseconds } ?? 0
    duration = json["duration_ms"]?.double
    spans = json["spans"]?.int.flatMap { Int(exactly: $0) } ?? 0
    model = json["model"]?.string ?? ""
    usage = EventDecoder.usage(json["usage"])
    error = status == "ok" ? "" : json["message"]?.string ?? ""
  }

  /// `12:30:01 ✓ support agent  gpt-4o  4 spans  2.31 s  1204→88 tok  4bf92f…4736`
  func line(colour: Bool, utcOffset: Int) -> StyledLine {
    var line = StyledLine()
    line.add(Figures.clock(nanoseconds: started, offset: utcOffset) + " ", .dim)
    let (mark, look) = StatusMark.of(status, words: !colour)
    line.add(mark + " ", look)
    line.add(trace + "  ", .blue)
    line.add(PlainText.line(name.isEmpty ? "trace" : name), .bold)
    if !model.isEmpty { line.add("  " + PlainText.line(model), .magenta) }
    if !session.isEmpty { line.add("  session " + PlainText.line(session), .dim) }
    line.add("  \(spans) \(spans == 1 ? "span" : "spans")", .dim)
    if let duration { line.add("  " + Figures.duration(milliseconds: duration)) }
    if let tokens = usage?.figure, !tokens.isEmpty { line.add("  " + tokens, .dim) }
    if !error.isEmpty { line.add("  " + PlainText.line(error), .red) }
    return line
  }
}

/// The mark of a status as the server names it.
enum StatusMark {
  static func of(_ status: String, words: Bool) -> (String, Style) {
    let word = PlainText.line(status.isEmpty ? "unknown" : status)
    return switch status {
    case "running": (words ? word : "●", .cyan)
    case "ok": (words ? word : "✓", .green)
    case "error", "failed": (words ? word : "✗", .red)
    case "cancelled": (words ? word : "⊘", .yellow)
    case "incomplete": (words ? word : "◌", .yellow)
    default: (words ? word : "?", .red)
    }
  }
}

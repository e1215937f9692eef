import JSONScan

/// A span of `GET /v1/traces/{id}` with the spans inside it.
struct SpanNode: Sendable {
  var kind = ""
  var name = ""
  var status = ""
  var reason = ""
  var model = ""
  var text = ""
  var reasoning = ""
  var error = ""
  /// `name(arguments)` of each tool that the model asked for.
  var toolCalls: [String] = []
  /// Milliseconds.
  var firstDelta: Double?
  var duration: Double?
  var usage: ShownUsage?
  var children: [SpanNode] = []

  init() {}

  init(_ json: JSONValueView) {
    kind = json["kind"]?.string ?? ""
    name = json["name"]?.string ?? ""
    status = json["status"]?.string ?? ""
    reason = json["reason"]?.string ?? ""
    model = json["model"]?.string ?? ""
    text = json["text"]?.string ?? ""
    reasoning = json["reasoning"]?.string ?? ""
    error = status == "ok" ? "" : json["message"]?.string ?? ""
    var calls: [String] = []
    json["tool_calls"]?.forEachElement { call in
      calls.append("\(call["name"]?.string ?? "")(\(call["arguments"]?.string ?? ""))")
    }
    toolCalls = calls
    firstDelta = json["timing"]?["first_delta_ms"]?.double
    duration = json["timing"]?["duration_ms"]?.double
    usage = EventDecoder.usage(json["usage"])
    var children: [SpanNode] = []
    json["children"]?.forEachElement { children.append(SpanNode($0)) }
    self.children = children
  }
}

/// Draws a trace as a tree: a line a span, its text below it, wrapped.
struct TraceTree {
  /// Columns to wrap text to.
  var columns: Int
  /// Words instead of marks, for pipes.
  var words: Bool

  func lines(_ roots: [SpanNode]) -> [StyledLine] {
    var lines: [StyledLine] = []
    for root in roots { add(root, lead: "", below: "", to: &lines) }
    return lines
  }

  private func add(_ span: SpanNode, lead: String, below: String, to lines: inout [StyledLine]) {
    var line = StyledLine()
    line.add(lead, .dim)
    let status = span.status == "error" && !span.reason.isEmpty ? span.reason : span.status
    let (mark, look) = StatusMark.of(status, words: words)
    line.add(mark + " ", look)
    line.add(PlainText.line(span.kind), .bold)
    if !span.name.isEmpty, span.name != span.kind { line.add(" " + PlainText.line(span.name), .cyan) }
    if !span.model.isEmpty { line.add(" " + PlainText.line(span.model), .magenta) }
    let figures = figures(span)
    if !figures.isEmpty { line.add("  " + figures, .dim) }
    lines.append(line)

    let inset = below + (span.children.isEmpty ? "   " : "│  ")
    if !span.error.isEmpty { add(span.error, .red, inset, to: &lines) }
    if !span.reasoning.isEmpty { add(span.reasoning, .dim, inset, to: &lines) }
    if !span.text.isEmpty { add(span.text, .plain, inset, to: &lines) }
    for call in span.toolCalls { add(call, .yellow, inset, to: &lines) }
    for (place, child) in span.children.enumerated() {
      let last = place == span.children.count - 1
      add(child, lead: below + (last ? "└─ " : "├─ "), below: below + (last ? "   " : "│  "), to: &lines)
    }
  }

  private func add(_ text: String, _ style: Style, _ inset: String, to lines: inout [StyledLine]) {
    for row in TextWrap.rows(PlainText.block(text), columns: max(20, columns - DisplayWidth.of(inset))) {
      var line = StyledLine()
      line.add(inset, .dim)
      line.add(row, style)
      lines.append(line)
    }
  }

  private func figures(_ span: SpanNode) -> String {
    var parts: [String] = []
    if let tokens = span.usage?.figure, !tokens.isEmpty { parts.append(tokens) }
    if let first = span.firstDelta { parts.append("first \(Figures.duration(milliseconds: first))") }
    if let duration = span.duration { parts.append(Figures.duration(milliseconds: duration)) }
    return parts.joined(separator: " · ")
  }
}

/// Breaks text into rows at spaces, and inside words that are too long.
enum TextWrap {
  static func rows(_ text: String, columns: Int) -> [String] {
    var rows: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var row = ""
      var width = 0
      for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
        let length = DisplayWidth.of(String(word))
        if width > 0, width + 1 + length > columns {
          rows.append(row)
          (row, width) = ("", 0)
        }
        if width > 0 {
          row += " "
          width += 1
        }
        for character in word {
          let step = DisplayWidth.of(character)
          if width + step > columns {
            rows.append(row)
            (row, width) = ("", 0)
          }
          row.append(character)
          width += step
        }
      }
      rows.append(row)
    }
    while rows.last?.isEmpty == true { rows.removeLast() }
    return rows
  }
}

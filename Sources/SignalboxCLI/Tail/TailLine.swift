import Wire

/// Lays out one line of `tail`: time, mark, what it is, its text in the room that is left, figures at the end.
struct TailLine {
  private let settings: TailView.Settings

  init(_ settings: TailView.Settings) { self.settings = settings }

  func span(_ span: TailSpan, depth: Int, now: Int64) -> StyledLine {
    var head = StyledLine()
    head.add(clock(span.started) + " ", .dim)
    head.add(String(repeating: "  ", count: settings.columns == nil ? 0 : depth))
    let (mark, look) = mark(span.status)
    head.add(mark + " ", look)
    head.add(PlainText.line(span.kind), .bold)
    if settings.known.lacks(span.type) { head.add(" undeclared", .yellow) }
    if !span.name.isEmpty { head.add(" " + PlainText.line(span.name), .cyan) }
    if !span.model.isEmpty { head.add(" " + PlainText.line(span.model), .magenta) }
    if span.demo { head.add(" demo", .dim) }
    if span.attempt > 0 { head.add(" retry \(span.attempt)", .yellow) }

    var body = StyledLine()
    var style = Style.plain
    var text = PlainText.line(span.text.text)
    switch span.status {
    case .running:
      if text.isEmpty { text = PlainText.line(progress(span)) }
      if span.channel == "reasoning" || span.channel == "tool_arguments" { style = .dim }
    case .ok:
      if span.channel == "reasoning" || span.channel == "tool_arguments" { style = .dim }
    case .failed, .lost: (text, style) = (PlainText.line(reason(span)), .red)
    case .cancelled, .incomplete: (text, style) = (PlainText.line(reason(span)), .yellow)
    }

    let parts = figures(span, now: now)
    guard let columns = settings.columns else {
      if !parts.isEmpty { head.add("  " + parts.joined(separator: " · ")) }
      if !text.isEmpty { head.add("  " + text) }
      return head
    }
    // The text goes before the figures, of which the duration goes last.
    var shown = parts
    func joined() -> String { shown.joined(separator: " · ") }
    func room() -> Int {
      columns - 1 - head.width - (shown.isEmpty ? 0 : DisplayWidth.of(joined()) + 2) - 2
    }
    while !shown.isEmpty, !text.isEmpty, room() < min(16, DisplayWidth.of(text)) { shown.removeFirst() }
    let figures = joined()
    if room() > 4, !text.isEmpty {
      let fitted =
        span.status == .running
        ? DisplayWidth.tail(text, columns: room()) : DisplayWidth.head(text, columns: room())
      body.add("  " + fitted, style)
    }
    return join(head, body, figures, columns: columns)
  }

  /// An event that belongs to no span's course: its type, and its data as it is.
  func event(_ event: ShownEvent) -> StyledLine {
    var head = StyledLine()
    head.add(clock(event.time) + " ", .dim)
    head.add(settings.columns == nil ? "event " : "· ", .blue)
    head.add(PlainText.line(event.type), .bold)
    if settings.known.lacks(event.type) { head.add(" undeclared", .yellow) }
    let text = PlainText.line(event.data)
    guard let columns = settings.columns else {
      if !text.isEmpty { head.add("  " + text) }
      return head
    }
    let room = columns - 1 - head.width - 2
    if room > 4, !text.isEmpty { head.add("  " + DisplayWidth.head(text, columns: room), .dim) }
    return clipped(head, columns: columns)
  }

  func note(_ text: String, at time: Int64) -> StyledLine {
    var line = StyledLine()
    line.add(clock(time) + " ", .dim)
    line.add(PlainText.line(text), .yellow)
    guard let columns = settings.columns else { return line }
    return clipped(line, columns: columns)
  }

  private func mark(_ status: TailSpan.Status) -> (String, Style) {
    let piped = settings.columns == nil
    return switch status {
    case .running: (piped ? "running" : "●", .cyan)
    case .ok: (piped ? "ok" : "✓", .green)
    case .failed: (piped ? "error" : "✗", .red)
    case .cancelled: (piped ? "cancelled" : "⊘", .yellow)
    case .incomplete: (piped ? "incomplete" : "◌", .yellow)
    case .lost: (piped ? "lost" : "?", .red)
    }
  }

  private func progress(_ span: TailSpan) -> String {
    guard let fraction = span.fraction else { return span.message }
    return "\(Int((fraction * 100).rounded())) % \(span.message)"
  }

  private func reason(_ span: TailSpan) -> String {
    let word =
      switch span.status {
      case .cancelled: "cancelled"
      case .incomplete: "incomplete"
      case .lost: "lost"
      default: ""
      }
    if word.isEmpty { return span.message }
    return span.message.isEmpty ? word : "\(word): \(span.message)"
  }

  /// Tokens, time to first token, duration.
  private func figures(_ span: TailSpan, now: Int64) -> [String] {
    var parts: [String] = []
    if let tokens = span.usage?.figure, !tokens.isEmpty { parts.append(tokens) }
    if let first = span.firstDelta { parts.append("first \(Figures.duration(milliseconds: first))") }
    let duration = span.duration ?? max(0, Double(now - span.started) / 1e6)
    if span.duration != nil || settings.columns != nil {
      parts.append(Figures.duration(milliseconds: duration))
    }
    return parts
  }

  private func join(
    _ head: StyledLine, _ body: StyledLine, _ figures: String, columns: Int
  ) -> StyledLine {
    var line = head
    for piece in body.pieces { line.add(piece.text, piece.style) }
    let free = columns - 1 - line.width - DisplayWidth.of(figures)
    if !figures.isEmpty, free >= 2 {
      line.add(String(repeating: " ", count: free))
      line.add(figures, .dim)
    }
    return clipped(line, columns: columns)
  }

  /// A line that never wraps: one that did would be drawn over wrongly.
  private func clipped(_ line: StyledLine, columns: Int) -> StyledLine {
    guard line.width > columns - 1 else { return line }
    var result = StyledLine()
    var left = columns - 1
    for piece in line.pieces where left > 0 {
      let text = DisplayWidth.head(piece.text, columns: left)
      result.add(text, piece.style)
      left -= DisplayWidth.of(text)
      if text != piece.text { break }
    }
    return result
  }

  private func clock(_ time: Int64) -> String {
    Figures.clock(nanoseconds: time, offset: settings.utcOffset)
  }
}

import Wire

/// What `tail` has on the screen: events in, lines out. Pure; it knows no terminal and no clock.
struct TailView: Sendable {
  struct Settings: Sendable {
    /// Columns of the terminal; nil prints whole lines and no moving part, as a pipe wants it.
    var columns: Int?
    /// Lines of the moving part, at most.
    var liveLines = 12
    /// Seconds east of Greenwich, for the times.
    var utcOffset = 0
    /// What is declared; what is not is marked.
    var known = KnownTypes()
  }

  /// Spans followed at once; beyond that the oldest is printed as it stands.
  static let spanLimit = 1000

  var settings: Settings
  private var spans: [TailSpan] = []
  private var finished: [StyledLine] = []

  init(_ settings: Settings) { self.settings = settings }

  /// Spans that have not ended.
  var running: Int { spans.count }

  mutating func apply(_ event: ShownEvent) {
    guard !event.span.isEmpty, event.phase != nil else {
      finished.append(TailLine(settings).event(event))
      return
    }
    let at: Int
    if let known = spans.firstIndex(where: { $0.id == event.span }) {
      at = known
    } else {
      spans.append(TailSpan(first: event))
      at = spans.count - 1
    }
    spans[at].apply(event)
    if event.phase == .end || event.phase == .error {
      finished.append(TailLine(settings).span(spans[at], depth: depth(of: spans[at]), now: event.time))
      spans.remove(at: at)
    } else if spans.count > Self.spanLimit {
      finished.append(TailLine(settings).span(spans[0], depth: 0, now: event.time))
      spans.removeFirst()
    }
  }

  /// Says something that is no event: a gap, a lost connection.
  mutating func note(_ text: String, at time: Int64) {
    finished.append(TailLine(settings).note(text, at: time))
  }

  /// The lines that stay, each handed out once.
  mutating func takeFinished() -> [StyledLine] {
    defer { finished.removeAll(keepingCapacity: true) }
    return finished
  }

  /// The moving part at a moment: a line a running span, parents before their children.
  func live(now: Int64) -> [StyledLine] {
    guard settings.columns != nil else { return [] }
    var lines: [StyledLine] = []
    let shown = ordered()
    for (span, depth) in shown.prefix(settings.liveLines) {
      lines.append(TailLine(settings).span(span, depth: depth, now: now))
    }
    if shown.count > settings.liveLines {
      lines.append(TailLine(settings).note("and \(shown.count - settings.liveLines) more running", at: now))
    }
    return lines
  }

  private func ordered() -> [(TailSpan, Int)] {
    let ids = Set(spans.map(\.id))
    var children: [String: [TailSpan]] = [:]
    var roots: [TailSpan] = []
    for span in spans {
      if ids.contains(span.parent), span.parent != span.id {
        children[span.parent, default: []].append(span)
      } else {
        roots.append(span)
      }
    }
    var result: [(TailSpan, Int)] = []
    var stack = roots.reversed().map { ($0, 0) }
    while let (span, depth) = stack.popLast() {
      result.append((span, depth))
      for child in (children[span.id] ?? []).reversed() { stack.append((child, depth + 1)) }
    }
    return result
  }

  private func depth(of span: TailSpan) -> Int {
    var depth = 0
    var parent = span.parent
    while depth < 8, let above = spans.first(where: { $0.id == parent }), above.id != span.id {
      depth += 1
      parent = above.parent
    }
    return depth
  }
}

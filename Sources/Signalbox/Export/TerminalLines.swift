import Wire

/// Turns events into lines for people: pure, but for what it remembers of the spans that are open.
struct TerminalLines {
  private struct OpenSpan {
    var text = ""
    var usage: JSONValue?
  }

  let colour: Bool
  private var open: [SpanID: OpenSpan] = [:]
  /// Spans whose text is gathered at once; beyond that only their ends show.
  private static let mostOpen = 1000
  /// Characters of a text that are shown.
  private static let mostText = 100

  init(colour: Bool) { self.colour = colour }

  /// The line for this event with its newline; empty when it is gathered for a later one.
  mutating func add(_ event: Event) -> String {
    guard let span = event.context.spanID, let phase = event.phase else { return line(event, custom(event)) }
    switch phase {
    case .start:
      if open.count < Self.mostOpen { open[span] = OpenSpan() }
      return ""
    case .delta:
      if event.data?["channel"]?.string ?? "text" == "text", (open[span]?.text.count ?? .max) < Self.mostText
      {
        open[span]?.text += event.data?["text"]?.string ?? ""
      }
      return ""
    case .usage:
      open[span]?.usage = event.data
      return ""
    case .restart:
      open[span]?.text = ""
      return line(event, "again: " + (event.data?["message"]?.string ?? "no reason given"))
    case .progress:
      return line(event, custom(event))
    case .end:
      return line(event, ended(event, open.removeValue(forKey: span)))
    case .error:
      return line(event, failed(event), isError: true)
    }
  }

  // MARK: Parts

  private func ended(_ event: Event, _ span: OpenSpan?) -> String {
    var parts = [duration(event)]
    if let model = event.model { parts.append(model) }
    if let usage = event.data?["usage"] ?? span?.usage { parts.append(tokens(usage)) }
    if let text = span?.text, !text.isEmpty { parts.append("“\(shortened(text))”") }
    return parts.joined(separator: "  ")
  }

  private mutating func failed(_ event: Event) -> String {
    if let span = event.context.spanID { open[span] = nil }
    let reason = event.data?["reason"]?.string ?? "failed"
    let message = event.data?["message"]?.string ?? ""
    return "\(duration(event))  \(reason): \(shortened(message))"
  }

  /// Members of the data in the form `key=value`.
  private func custom(_ event: Event) -> String {
    guard case .object(let object)? = event.data else {
      return event.data.map { shortened($0.description) } ?? ""
    }
    return object.members.map { "\(Self.safe($0.0))=\(shortened($0.1.string ?? $0.1.description))" }
      .joined(separator: " ")
  }

  private func duration(_ event: Event) -> String {
    guard case .double(let milliseconds)? = event.data?["timing"]?["duration_ms"] else { return "" }
    guard milliseconds < 1000 else { return "\((milliseconds / 10).rounded() / 100) s" }
    return milliseconds < 10 ? "\(milliseconds) ms" : "\(Int(milliseconds)) ms"
  }

  private func tokens(_ usage: JSONValue) -> String {
    let input = usage["input"]?.int.map(String.init) ?? "?"
    let output = usage["output"]?.int.map(String.init) ?? "?"
    return "\(input) → \(output) tokens"
  }

  private func shortened(_ text: String) -> String {
    let clean = Self.safe(text)
    return clean.count <= Self.mostText ? clean : clean.prefix(Self.mostText) + "…"
  }

  /// Without control characters: what a model writes must not steer the terminal.
  private static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }

  private func line(_ event: Event, _ rest: String, isError: Bool = false) -> String {
    var title = event.type.name
    if let dot = title.lastIndex(of: "."), event.phase == .end || event.phase == .error {
      title = String(title[..<dot])
    }
    if let name = event.data?["name"]?.string { title += " " + Self.safe(name) }
    let padding = String(repeating: " ", count: max(0, 24 - title.count))
    let body = "\(title)\(padding)  \(rest)"
    return "\(paint(clock(event.time), "2"))  \(isError ? paint(body, "31") : body)\n"
  }

  private func paint(_ text: String, _ code: String) -> String {
    colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  /// Hours to milliseconds in UTC.
  private func clock(_ time: Int64) -> String {
    var writer = ByteWriter(capacity: 40)
    writer.append(rfc3339: Timestamp(nanoseconds: time))
    return String(writer.string.dropFirst(11).prefix(12))
  }
}

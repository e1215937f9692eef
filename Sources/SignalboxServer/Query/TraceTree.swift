internal import JSONScan
internal import SignalboxLog
internal import Wire

/// A trace as its spans, with the text that each has streamed.
struct TraceTree {
  private(set) var spans: [SpanRow]
  private var texts: [String: SpanText] = [:]
  private var children: [String: [Int]] = [:]
  private var roots: [Int] = []

  init(spans: [SpanRow]) {
    self.spans = spans.sorted { ($0.firstOffset, $0.span) < ($1.firstOffset, $1.span) }
    let known = Set(spans.map(\.span))
    for (place, row) in self.spans.enumerated() {
      // A parent that never sent anything leaves its children at the top, not out of sight.
      if let parent = row.parent, parent != row.span, known.contains(parent) {
        children[parent, default: []].append(place)
      } else {
        roots.append(place)
      }
    }
  }

  /// Takes the events of the trace, in the order of the log.
  mutating func add(_ batch: EventBatch, parser: JSONParser) {
    for slot in batch.slots where slot.phase == .delta || slot.phase == .restart {
      guard let span = batch.string(.span, of: slot), slot.data.isPresent,
        let data = try? parser.scan(copying: batch.field(.data, of: slot))
      else { continue }
      texts[span, default: SpanText()].add(phase: slot.phase, index: slot.index, data: data.root)
    }
  }

  /// Writes the spans as a JSON list of trees.
  func write(to writer: inout ByteWriter, position: (UInt64) -> Position) {
    var written: Set<Int> = []
    writer.append("[")
    for (number, root) in roots.enumerated() {
      if number > 0 { writer.append(",") }
      write(root, depth: 0, to: &writer, position, &written)
    }
    // Spans that name each other as parents hang on no root; they are shown flat.
    for place in spans.indices where !written.contains(place) {
      if !written.isEmpty { writer.append(",") }
      write(place, depth: 0, to: &writer, position, &written)
    }
    writer.append("]")
  }

  /// Deeper trees than this are cut: no program nests so far on purpose.
  private static let depthLimit = 200

  private func write(
    _ place: Int, depth: Int, to writer: inout ByteWriter, _ position: (UInt64) -> Position,
    _ written: inout Set<Int>
  ) {
    written.insert(place)
    let row = spans[place]
    writer.append("{\"span\":")
    writer.append(jsonString: row.span)
    writer.appendMember("parent", row.parent)
    writer.appendMember("session", row.session)
    writer.appendMember("chain", row.chain)
    writer.appendMember("kind", row.kind)
    writer.appendMember("type", row.type)
    writer.appendMember("name", row.name)
    writer.append(",\"status\":\"")
    writer.append(row.status.name)
    writer.append("\"")
    writer.appendMember("reason", row.reason)
    writer.appendMember("message", row.message)
    writer.appendMember("provider", row.provider)
    writer.appendMember("model", row.model)
    writer.appendTimes(row)
    if let usage = row.usage {
      writer.append(",\"usage\":")
      writer.append(utf8: usage)
    }
    if let text = texts[row.span], !text.isEmpty { writer.append(text) }
    writer.append(",\"first_position\":\"")
    writer.append(position(row.firstOffset))
    writer.append("\",\"last_position\":\"")
    writer.append(position(row.lastOffset))
    writer.append("\",\"children\":[")
    if depth < Self.depthLimit {
      var first = true
      for child in children[row.span] ?? [] where !written.contains(child) {
        if !first { writer.append(",") }
        first = false
        write(child, depth: depth + 1, to: &writer, position, &written)
      }
    }
    writer.append("]}")
  }
}

extension ByteWriter {
  /// Writes `,"name":"value"` when there is a value.
  mutating func appendMember(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    append(",\"")
    append(name)
    append("\":")
    append(jsonString: value)
  }

  /// Writes when the span began and ended, and how long what took.
  fileprivate mutating func appendTimes(_ row: SpanRow) {
    append(",\"started\":\"")
    append(rfc3339: Timestamp(nanoseconds: row.started))
    append("\"")
    if let ended = row.ended {
      append(",\"ended\":\"")
      append(rfc3339: Timestamp(nanoseconds: ended))
      append("\"")
    }
    append(",\"timing\":{\"deltas\":")
    append(decimal: row.deltas)
    if let first = row.firstDelta {
      append(",\"first_delta_ms\":")
      append(json: Double(first - row.started) / 1e6)
    }
    if let ended = row.ended {
      append(",\"duration_ms\":")
      append(json: Double(ended - row.started) / 1e6)
    }
    append("}")
  }

  fileprivate mutating func append(_ text: SpanText) {
    append(",\"text\":")
    append(jsonString: text.text)
    let reasoning = text.reasoning
    if !reasoning.isEmpty { appendMember("reasoning", reasoning) }
    let refusal = text.refusal
    if !refusal.isEmpty { appendMember("refusal", refusal) }
    let others = text.otherChoices
    if !others.isEmpty {
      append(",\"choices\":[")
      for (place, other) in others.enumerated() {
        if place > 0 { append(",") }
        append("{\"choice\":")
        append(decimal: other.choice)
        appendMember("text", other.text)
        append("}")
      }
      append("]")
    }
    let calls = text.toolCalls
    if !calls.isEmpty {
      append(",\"tool_calls\":[")
      for (place, call) in calls.enumerated() {
        if place > 0 { append(",") }
        append("{\"index\":")
        append(decimal: call.index)
        appendMember("id", call.id)
        appendMember("name", call.name)
        appendMember("arguments", call.arguments)
        append("}")
      }
      append("]")
    }
    if text.attempts > 1 {
      append(",\"attempts\":")
      append(decimal: text.attempts)
    }
  }
}

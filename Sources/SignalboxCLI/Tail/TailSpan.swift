import Wire

/// A span as the terminal follows it, from its first event to its end.
struct TailSpan: Sendable {
  enum Status: Equatable, Sendable {
    case running, ok, failed, cancelled, incomplete, lost
  }

  let id: String
  /// Of its first event.
  let type: String
  private(set) var parent: String
  /// First part of the type: llm, tool, chain, ….
  private(set) var kind: String
  private(set) var name = ""
  private(set) var model = ""
  private(set) var status = Status.running
  private(set) var text = StreamedText()
  private(set) var channel = ""
  private(set) var message = ""
  private(set) var usage: ShownUsage?
  private(set) var attempt = 0
  private(set) var fraction: Double?
  /// Nanoseconds since 1970 of the first event.
  private(set) var started: Int64
  private(set) var firstDelta: Double?
  private(set) var duration: Double?
  private(set) var demo: Bool

  init(first event: ShownEvent) {
    id = event.span
    type = event.type
    parent = event.parent
    kind = event.type.prefix { $0 != "." }.description
    started = event.time
    demo = event.demo
  }

  mutating func apply(_ event: ShownEvent) {
    if !event.name.isEmpty, event.phase != .progress { name = event.name }
    if !event.model.isEmpty { model = event.model }
    if parent.isEmpty { parent = event.parent }
    if let counted = event.usage { usage = counted }
    switch event.phase {
    case .delta: takeDelta(event)
    case .progress:
      fraction = event.fraction ?? fraction
      message = event.text.isEmpty ? event.name : event.text
    case .restart:
      attempt = event.attempt ?? attempt + 1
      text.discard(from: event.discardFrom ?? 0)
      message = event.text
    case .end: finish(event, .ok)
    case .error: finish(event, Self.status(reason: event.reason))
    case .start, .usage, nil: break
    }
  }

  private mutating func takeDelta(_ event: ShownEvent) {
    if firstDelta == nil { firstDelta = milliseconds(until: event.time) }
    // Arguments and reasoning are shown until there is an answer; then the answer alone.
    if event.channel != channel, channel == "" || channel == "text", !text.isEmpty { return }
    if event.channel != channel {
      text = StreamedText()
      channel = event.channel
    }
    text.append(event.text, index: event.index ?? 0)
  }

  private mutating func finish(_ event: ShownEvent, _ status: Status) {
    guard self.status == .running || self.status == .lost else { return }
    self.status = status
    message = event.text
    firstDelta = event.firstDelta ?? firstDelta
    duration = event.duration ?? milliseconds(until: event.time)
  }

  private func milliseconds(until time: Int64) -> Double { max(0, Double(time - started) / 1e6) }

  static func status(reason: String) -> Status {
    switch reason {
    case "cancelled": .cancelled
    case "incomplete": .incomplete
    case "lost": .lost
    default: .failed
    }
  }
}

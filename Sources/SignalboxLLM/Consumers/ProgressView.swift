/// How far streams are, as text for a terminal. Pure: it turns events into what is to be printed.
///
/// On a terminal one line is drawn again and again in place, at most ten times a second of the events' own time;
/// elsewhere a dot stands for every ten pieces. Every stream that ends leaves a line of its own.
public struct ProgressView: Sendable {
  private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
  private static let interval = 0.1

  private let isTerminal: Bool
  private let columns: Int
  private var streams = StreamTable<StreamMeasure>(limit: 256)
  private var drawnAt = -Double.infinity
  private var frame = 0
  /// A line is on the screen that is not finished.
  private var isOpen = false
  private var dots = 0

  /// `columns`: of the terminal; longer lines are cut.
  public init(isTerminal: Bool, columns: Int = 80) {
    self.isTerminal = isTerminal
    self.columns = max(20, columns)
  }

  /// What is to be printed now; often nothing.
  public mutating func text(after event: StreamEvent) -> String {
    let key = event.streamKey
    streams.update(key, initial: StreamMeasure()) { $0.record(event, keepsGaps: false) }
    if event.isTerminal, let measure = streams.remove(key) { return finish(measure) }
    return isTerminal ? redraw(at: event.info.timestamp) : dot(event)
  }

  // MARK: A terminal

  private mutating func redraw(at time: Double) -> String {
    // A clock that was set back must not silence the line.
    guard time - drawnAt >= Self.interval || time < drawnAt else { return "" }
    drawnAt = time
    frame = (frame + 1) % Self.frames.count
    isOpen = true
    return "\r\u{1B}[2K" + cut("\(Self.frames[frame]) \(status(at: time))")
  }

  private func status(at time: Double) -> String {
    let running = streams.values.values
    let chunks = running.reduce(0) { $0 + $1.chunks }
    let bytes = running.reduce(0) { $0 + $1.bytes }
    let since = running.compactMap(\.startedAt).min() ?? time
    let who =
      running.count == 1
      ? running.first.map { "\(plain($0.provider))/\(plain($0.model))" } ?? "" : "\(running.count) streams"
    return "\(who)  \(chunks) chunks  \(size(bytes))  \(seconds(time - since))"
  }

  // MARK: Anything else

  private mutating func dot(_ event: StreamEvent) -> String {
    switch event {
    case .start:
      guard !isOpen else { return "" }
      isOpen = true
      return "Streaming: "
    case .delta:
      dots += 1
      guard dots % 10 == 0 else { return "" }
      isOpen = true
      return "."
    case .restart:
      isOpen = true
      return "[again]"
    default: return ""
    }
  }

  // MARK: The end of a stream

  private mutating func finish(_ measure: StreamMeasure) -> String {
    let opening = isTerminal ? (isOpen ? "\r\u{1B}[2K" : "") : (isOpen ? "\n" : "")
    isOpen = false
    drawnAt = -.infinity
    var words = "\(measure.chunks) chunks in \(seconds((measure.durationMS ?? 0) / 1000))"
    if let output = measure.usage?.output { words += ", \(output) tokens" }
    if let rate = measure.tokensPerSecond { words += ", \(decimal(rate)) tokens/s" }
    switch measure.outcome {
    case .failed(let type): words = "Failed (\(plain(type))): " + words
    default: words = "Completed: " + words
    }
    return opening + (isTerminal ? cut(words) : words) + "\n"
  }

  // MARK: Words

  private func cut(_ text: String) -> String {
    text.count < columns ? text : text.prefix(columns - 2) + "…"
  }

  /// Names come from outside: nothing in them may steer the terminal.
  private func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
          default: true
          }
        }))
  }

  private func seconds(_ seconds: Double) -> String { decimal(max(0, seconds)) + " s" }

  private func size(_ bytes: Int) -> String {
    bytes < 1024 ? "\(bytes) B" : decimal(Double(bytes) / 1024) + " KiB"
  }

  /// With one decimal.
  private func decimal(_ value: Double) -> String {
    let tenths = (value * 10).rounded()
    guard tenths.isFinite, tenths < 1e15 else { return "?" }
    return "\(Int64(tenths) / 10).\(Int64(tenths) % 10)"
  }
}

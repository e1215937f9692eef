import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Prints what happens to a terminal: a line when a span ends, with its time, its text and its tokens, and
/// a line for every other event.
///
/// ```
/// 09:30:00.240  llm greet          240 ms  gpt-4o  9 → 2 tokens  “Good morning”
/// 09:30:00.251  cache.hit          bytes=1024
/// ```
public final class TerminalExporter: Exporter {
  public let name = "terminal"
  public let batching = Batching(interval: .milliseconds(50))
  private let descriptor: Int32
  private let lines: Locked<TerminalLines>

  /// `descriptor`: standard error unless given, so that a program's output stays its own. `colour`: when it
  /// is a terminal and `NO_COLOR` is not set, unless given.
  public init(descriptor: Int32 = 2, colour: Bool? = nil) {
    self.descriptor = descriptor
    lines = Locked(TerminalLines(colour: colour ?? (isatty(descriptor) == 1 && getenv("NO_COLOR") == nil)))
  }

  public func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
    let text = lines.withLock { lines in batch.events.map { lines.add($0) }.joined() }
    var writer = ByteWriter(capacity: text.utf8.count)
    writer.append(utf8: text)
    try FileWriter.write(writer.raw, to: descriptor)
    return []
  }
}

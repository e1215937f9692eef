import JSONScan
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum EmitCommand: Command {
  static let spec = CommandSpec(
    name: "emit", summary: "Send an event, or a stream of them", operands: "TYPE [KEY=VALUE…] | -",
    operandCount: 0...Int.max,
    details: """
      Each KEY=VALUE becomes a member of the event's data: numbers, true, false, null, [lists] and {objects} as
      JSON, everything else as text. With - events are read from standard input, one JSON object a line, and
      sent as they come. Prints what was stored, and where.
      """,
    options: [
      .value("json", "EVENT", "Send this JSON instead: an event, or an array of events"),
      .value("phase", "PHASE", "start, delta, usage, progress, restart, end or error"),
      .value("trace", "ID", "Trace it belongs to"),
      .value("span", "ID", "Span it belongs to"),
      .value("parent", "ID", "Span that its span is part of"),
      .value("session", "ID", environment: "SIGNALBOX_SESSION", "Session it belongs to"),
      .value("chain", "ID", "Run of a chain it belongs to"),
      .value("request", "ID", "Correlation id"),
      .value("provider", "NAME", "Provider of the model"),
      .value("model", "NAME", "Model"),
      .value("index", "N", "Place among the span's deltas"),
      .value("tag", "KEY=VALUE", repeats: true, "Label to filter by"),
      .flag("quiet", "Print nothing but errors"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox emit cache.hit bytes=1024", "An event of your own."),
      Example(
        "signalbox emit tool.start name=search --phase start --trace t1 --span s1 --session alice",
        "Opens a span."),
      Example("signalbox emit --json '{\"type\":\"cache.hit\"}'", "An event as it is."),
      Example("my-app | signalbox emit -", "Every line that the program prints."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    var report = EmitReport(quiet: arguments.has("quiet"))
    if arguments.operands == ["-"] {
      guard !arguments.has("json") else { throw UsageError("--json and - exclude each other") }
      try await stream(to: client, report: &report)
    } else if let json = arguments.text("json") {
      guard arguments.operands.isEmpty else { throw UsageError("--json and TYPE exclude each other") }
      report.add(try await post(json, to: client))
    } else {
      let event = try EmitEvent.json(arguments)
      report.add(try await post(event, to: client))
    }
    return report.finish()
  }

  @MainActor
  private static func post(_ json: String, to client: ServerClient) async throws -> IngestAnswer {
    let body = SharedBytes(json.utf8)
    let response = try await client.send("POST", "/v1/events", body: body)
    let answer = SharedBytes(try await response.body.collect(limit: 1 << 24))
    if let told = try? IngestAnswer(answer), response.status < 300 || !told.rejected.isEmpty { return told }
    throw client.refusal(response.status, answer)
  }

  /// Sends what standard input holds, in batches of what has come so far.
  @MainActor
  private static func stream(to client: ServerClient, report: inout EmitReport) async throws {
    var lines = LineBatch()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      lines.feed(buffer[..<count])
      if let batch = lines.takeWhole() { report.add(try await client.post(lines: SharedBytes(batch))) }
    }
    if let rest = lines.takeRest() { report.add(try await client.post(lines: SharedBytes(rest))) }
  }
}

/// Collects bytes and hands them out in whole lines.
struct LineBatch {
  private var bytes: [UInt8] = []

  mutating func feed(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// All whole lines so far; nil when there is none.
  mutating func takeWhole() -> [UInt8]? {
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let whole = Array(bytes[...end])
    bytes.removeSubrange(...end)
    return whole.allSatisfy(Self.isBlank) ? nil : whole
  }

  /// The last line, which had no end.
  mutating func takeRest() -> [UInt8]? {
    defer { bytes = [] }
    return bytes.allSatisfy(Self.isBlank) ? nil : bytes
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// Adds up what was stored and says what was not.
struct EmitReport {
  let quiet: Bool
  private var total = IngestAnswer()

  init(quiet: Bool) { self.quiet = quiet }

  mutating func add(_ answer: IngestAnswer) {
    total.stored += answer.stored
    total.duplicate += answer.duplicate
    total.rejected += answer.rejected
    if !answer.position.isEmpty { total.position = answer.position }
    for item in answer.rejected {
      let field = item.field.isEmpty ? "" : " \(item.field)"
      Output.complain(PlainText.line("event \(item.index) was rejected:\(field) \(item.error)"))
    }
  }

  /// Prints the sum and returns the exit code.
  func finish() -> Int32 {
    if !quiet {
      var text = "stored \(total.stored)"
      if total.duplicate > 0 { text += ", duplicate \(total.duplicate)" }
      if !total.rejected.isEmpty { text += ", rejected \(total.rejected.count)" }
      if !total.position.isEmpty { text += ", at \(PlainText.line(total.position))" }
      Output.line(text)
    }
    return total.rejected.isEmpty ? 0 : 1
  }
}

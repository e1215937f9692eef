import JSONScan
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum TailCommand: Command {
  static let spec = CommandSpec(
    name: "tail", summary: "Watch what happens, live",
    details: """
      One line a span, with its text growing in place while it streams, then its tokens, the time to the first
      token and how long it took. In a pipe: one line a span when it ends. Ends with Control-C.
      """,
    options: FilterOptions.all + [
      .flag("json", "Print the events as they are, one JSON object a line"),
      .value("after", "POSITION", "Go on after this position"),
      .flag("from-start", "Begin with the oldest event that is kept"),
      .value("count", "N", "End after this many events"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox tail", "Everything from now on."),
      Example("signalbox tail --session alice --type llm.", "Only one session's model calls."),
      Example("signalbox tail --trace 4bf92f3577b34da6a3ce929d0e0e4736 --from-start", "A trace, all of it."),
      Example("signalbox tail --json | jq -r .type", "For a script."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    var query = Query()
    FilterOptions.add(arguments, to: &query)
    guard !arguments.has("after") || !arguments.has("from-start") else {
      throw UsageError("--after and --from-start exclude each other")
    }
    var start: (name: String, value: String)?
    if let position = arguments.text("after") {
      guard Position(position) != nil else {
        throw UsageError(
          "--after takes a position such as 5f3a9c01be77-1042, not '\(PlainText.line(position))'")
      }
      start = ("after", position)
    } else if arguments.has("from-start") {
      start = ("from", "start")
    }
    let limit = try arguments.integer("count", in: 1...Int.max)
    let json = arguments.has("json")
    let output = TailOutput(json: json, limit: limit, known: json ? KnownTypes() : await knownTypes(client))
    Interrupts.hold()
    let work = Task { @MainActor in
      try await withTail(output) {
        var stream = LiveStream(client, query: query, start: start)
        try await stream.run { try output.take($0) }
      }
    }
    Interrupts.onFirst { work.cancel() }
    do {
      try await work.value
    } catch is CancellationError {
      // Control-C, or enough was seen: a good end.
    }
    return 0
  }

  /// What is declared; nothing, and nothing is marked, where the server does not say.
  @MainActor
  private static func knownTypes(_ client: ServerClient) async -> KnownTypes {
    guard let body = try? await client.call("GET", "/v1/types") else { return KnownTypes() }
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    return (try? parser.scan(copying: body.raw)).map { KnownTypes($0.root) } ?? KnownTypes()
  }

  /// Runs the body, with the moving part redrawn as time passes; leaves the terminal tidy.
  @MainActor
  private static func withTail(_ output: TailOutput, _ body: @MainActor () async throws -> Void) async throws
  {
    let ticker = Task { @MainActor in
      while !Task.isCancelled {
        output.draw()
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    defer {
      ticker.cancel()
      output.draw()
    }
    try await body()
  }
}

/// Prints what the tail brings: JSON lines, or the view.
@MainActor
final class TailOutput {
  private let json: Bool
  private let limit: Int?
  private let decoder = EventDecoder()
  /// Reads declarations of types.
  private let types = JSONParser()
  private let terminal: Bool
  private let colour: Bool
  private var view: TailView
  private var area = LiveArea()
  private var seen = 0

  init(json: Bool, limit: Int?, known: KnownTypes) {
    self.json = json
    self.limit = limit
    terminal = TerminalInfo.isTerminal && Environment.value("TERM") != "dumb"
    colour = TerminalInfo.wantsColour(Environment.value)
    view = TailView(.init(columns: nil, utcOffset: TerminalInfo.utcOffset, known: known))
  }

  /// Throws a `CancellationError` when as many events were seen as were wanted.
  func take(_ items: [LiveStream.Item]) throws {
    var lines = ""
    for item in items {
      switch item {
      case .message(let bytes):
        switch try? decoder.decode(bytes.raw) {
        case .event(let event):
          seen += 1
          if json { lines += String(decoding: bytes.raw, as: UTF8.self) + "\n" } else { show(event) }
        case .control("gap", _, let detail): note("gap: \(detail)")
        case .control("reset", _, let detail): note("history before here is gone: \(detail)")
        case .control, nil: break
        }
      case .reset(let detail): note("history before here is gone: \(detail)")
      case .reconnecting(let reason): note("\(reason); reconnecting")
      }
      if let limit, seen >= limit { break }
    }
    if !lines.isEmpty { Output.text(lines) }
    if !terminal { draw() }
    if let limit, seen >= limit { throw CancellationError() }
  }

  private func show(_ event: ShownEvent) {
    if event.type == "signalbox.types", let data = try? types.scan(event.data).root {
      view.settings.known.declare(data)
    }
    view.apply(event)
  }

  /// Brings the terminal up to date.
  func draw() {
    guard !json else { return }
    if terminal {
      let size = TerminalInfo.size
      view.settings.columns = size.columns
      view.settings.liveLines = max(1, min(16, size.rows - 3))
    }
    let finished = view.takeFinished().map { $0.rendered(colour: colour) }
    let live = view.live(now: Timestamp.now().nanoseconds).map { $0.rendered(colour: colour) }
    if terminal {
      Output.text(area.draw(finished: finished, live: live))
    } else if !finished.isEmpty {
      Output.text(finished.joined(separator: "\n") + "\n")
    }
  }

  private func note(_ text: String) {
    if json {
      Output.complain(PlainText.line(text))
    } else {
      view.note(text, at: Timestamp.now().nanoseconds)
    }
  }
}

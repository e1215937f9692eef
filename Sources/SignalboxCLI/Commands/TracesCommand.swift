import JSONScan
import Wire

enum TracesCommand: Command {
  static let spec = CommandSpec(
    name: "traces", summary: "List the traces, or show one as a tree with its text", operands: "[ID]",
    operandCount: 0...1,
    options: [
      .value("limit", "N", default: "20", "How many traces to list"),
      .value("session", "ID", "Only this session"),
      .flag("json", "Print what the server answers"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox traces", "The last twenty."),
      Example("signalbox traces 4bf92f3577b34da6a3ce929d0e0e4736", "One of them, span by span."),
      Example("signalbox traces --limit 1 --json", "For a script."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let limit = try arguments.integer("limit", in: 1...10_000) ?? 20
    let colour = TerminalInfo.wantsColour(Environment.value)
    let path: String
    if let id = arguments.operands.first {
      path = "/v1/traces/\(Query.escaped(id))"
    } else {
      var query = Query()
      query.add("limit", String(limit))
      if let session = arguments.text("session") { query.add("session", session) }
      path = "/v1/traces" + query.text
    }
    let body = try await client.call("GET", path)
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
      return 0
    }
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root = try parser.scan(copying: body.raw).root
    if arguments.operands.isEmpty { list(root, colour: colour) } else { tree(root, colour: colour) }
    return 0
  }

  private static func list(_ root: JSONValueView, colour: Bool) {
    let offset = TerminalInfo.utcOffset
    var count = 0
    root["traces"]?.forEachElement { item in
      count += 1
      Output.line(TraceSummary(item).line(colour: colour, utcOffset: offset).rendered(colour: colour))
    }
    if count == 0 { Output.remark("No traces yet. `signalbox demo` plays one.") }
  }

  private static func tree(_ root: JSONValueView, colour: Bool) {
    let offset = TerminalInfo.utcOffset
    if let trace = root["trace"] {
      Output.line(TraceSummary(trace).line(colour: colour, utcOffset: offset).rendered(colour: colour))
    }
    var spans: [SpanNode] = []
    root["spans"]?.forEachElement { spans.append(SpanNode($0)) }
    let columns = TerminalInfo.isTerminal ? TerminalInfo.size.columns : 100
    for line in TraceTree(columns: columns, words: !colour).lines(spans) {
      Output.line(line.rendered(colour: colour))
    }
  }
}

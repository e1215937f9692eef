import JSONScan
import Wire

enum TypesCommand: Command {
  static let spec = CommandSpec(
    name: "types", summary: "List the types of events: declared, Signalbox's own, and unknown ones",
    operands: "[PREFIX]", operandCount: 0...1,
    details: """
      Applications declare what their events mean; what was seen and that nobody declared is marked, and so are names
      that are no lower-case words joined by dots.
      """,
    options: [
      .value("origin", "ORIGIN", "Only those of app, seen (not declared) or signalbox"),
      .flag("json", "Print what the server answers"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox types", "All of them."),
      Example("signalbox types rag.", "Those that begin so."),
      Example("signalbox types --origin seen", "What nobody has declared."),
    ])

  private static let origins = ["app", "seen", "signalbox"]

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    if let origin = arguments.text("origin"), !origins.contains(origin) {
      throw UsageError("--origin takes app, seen or signalbox, not '\(PlainText.line(origin))'")
    }
    let body = try await client.call("GET", "/v1/types")
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
      return 0
    }
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    var types: [KnownType] = []
    try parser.scan(copying: body.raw).root["types"]?.forEachElement { types.append(KnownType($0)) }
    let prefix = arguments.operands.first ?? ""
    let origin = arguments.text("origin")
    types = types.filter { $0.name.hasPrefix(prefix) && (origin == nil || $0.origin == origin) }
    let widths = types.map { DisplayWidth.of(PlainText.line($0.name)) + ($0.isSpan ? 2 : 0) }
    let column = min(widths.max() ?? 0, 40)
    let colour = TerminalInfo.wantsColour(Environment.value)
    for line in types.flatMap({ $0.lines(column: column) }) { Output.line(line.rendered(colour: colour)) }
    if types.isEmpty { Output.remark("There are none.") }
    return 0
  }
}

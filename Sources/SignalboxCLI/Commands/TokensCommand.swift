import Fetch
import JSONScan
import Wire

enum TokensCommand: Command {
  static let spec = CommandSpec(
    name: "tokens", summary: "Mint a short-lived token that shows a browser some of it", operands: "mint",
    operandCount: 1...1,
    details: """
      Needs a key with the scope tokens (or admin) where the server asks for keys. The token is printed alone, for a
      script; what it allows is in docs/access.md.
      """,
    options: [
      .value("session", "ID", repeats: true, "A session that it shows"),
      .value("chain", "ID", repeats: true, "A chain that it shows"),
      .value("trace", "ID", repeats: true, "A trace that it shows"),
      .value("type", "PREFIX", repeats: true, "Only events of these types"),
      .flag("all", "Every session, chain and trace"),
      .flag("content", "With prompts, answers and results; else structure, timing and counts only"),
      .flag("cancel", "It may stop running traces that it shows"),
      .flag("speak", "It may write messages in the sessions that it names"),
      .value("ttl", "SECONDS", default: "300", "How long it is good, at most 3600"),
      .value("subject", "NAME", "Whom it is for; the audit names it"),
      .flag("json", "Print what the server answers"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox tokens mint --session s1 --content", "For the page of one conversation."),
      Example("signalbox tokens mint --all --ttl 3600", "For a wall display that shows no content."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    guard arguments.operands[0] == "mint" else {
      throw UsageError(
        "signalbox tokens has no '\(PlainText.line(arguments.operands[0]))'; it mints: signalbox tokens mint")
    }
    let client = try ServerClient(arguments)
    let body = try await client.call("POST", "/v1/tokens", body: try request(arguments))
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
      return 0
    }
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root = try parser.scan(copying: body.raw).root
    Output.line(root["token"]?.string ?? "")
    Output.remark("It is good until \(PlainText.line(root["expires"]?.string ?? "")).")
    return 0
  }

  static func request(_ arguments: Arguments) throws(UsageError) -> SharedBytes {
    var writer = ByteWriter()
    writer.append("{\"ttl\":")
    writer.append(decimal: try arguments.integer("ttl", in: 1...3600) ?? 300)
    for (option, member) in [
      ("session", "sessions"), ("chain", "chains"), ("trace", "traces"), ("type", "types"),
    ] {
      let names = arguments.all(option)
      guard !names.isEmpty else { continue }
      writer.append(utf8: ",\"\(member)\":")
      for (place, name) in names.enumerated() {
        writer.append(place == 0 ? "[" : ",")
        writer.append(jsonString: name)
      }
      writer.append("]")
    }
    for flag in ["all", "content", "cancel", "speak"] where arguments.has(flag) {
      writer.append(utf8: ",\"\(flag)\":true")
    }
    if let subject = arguments.text("subject") {
      writer.append(",\"subject\":")
      writer.append(jsonString: subject)
    }
    writer.append("}")
    return SharedBytes(taking: writer)
  }
}

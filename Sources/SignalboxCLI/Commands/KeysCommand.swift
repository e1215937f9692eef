import JSONScan
import Wire

enum KeysCommand: Command {
  static let scopes = ["ingest", "read", "gateway", "admin"]

  static let spec = CommandSpec(
    name: "keys", summary: "Add, list and revoke the keys of a server",
    operands: "list | add NAME | revoke ID", operandCount: 1...2,
    details: """
      A server that listens beyond this machine asks for a key. It prints its first one, an admin key, once, at
      its first start. Keys are stored hashed: a key that is lost is revoked and replaced.
      """,
    options: [
      .value(
        "scope", "SCOPE", repeats: true,
        "What a new key may do: ingest, read, gateway, admin; default: ingest, read and gateway"),
      .flag("json", "Print what the server answers"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox keys add phone-app --scope ingest", "A key that can only send."),
      Example("signalbox keys list", "All keys, without their secrets."),
      Example("signalbox keys revoke k_2f81", "Shuts one out at once."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let subject = arguments.operands.dropFirst().first
    let body: SharedBytes
    switch (arguments.operands[0], subject) {
    case ("list", nil): body = try await client.call("GET", "/v1/keys")
    case ("add", let name?):
      body = try await client.call("POST", "/v1/keys", body: try request(name, arguments.all("scope")))
    case ("revoke", let id?):
      body = try await client.call("DELETE", "/v1/keys/\(Query.escaped(id))")
    case ("add", nil): throw UsageError("signalbox keys add needs a NAME")
    case ("revoke", nil): throw UsageError("signalbox keys revoke needs an ID (signalbox keys list)")
    case (let word, _):
      var message = "signalbox keys has no '\(PlainText.line(word))'"
      if let nearest = Nearest.of(word, in: ["add", "list", "revoke"]) {
        message += "; did you mean \(nearest)?"
      }
      throw UsageError(message)
    }
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
      return 0
    }
    try show(arguments.operands[0], body)
    return 0
  }

  private static func request(_ name: String, _ scopes: [String]) throws(UsageError) -> SharedBytes {
    for scope in scopes where !Self.scopes.contains(scope) {
      let nearest = Nearest.of(scope, in: Self.scopes).map { "; did you mean \($0)?" } ?? ""
      throw UsageError("--scope takes \(Self.scopes.joined(separator: ", ")), not '\(scope)'\(nearest)")
    }
    var writer = ByteWriter()
    writer.append("{\"name\":")
    writer.append(jsonString: name)
    writer.append(",\"scopes\":[")
    for (place, scope) in (scopes.isEmpty ? ["ingest", "read", "gateway"] : scopes).enumerated() {
      if place > 0 { writer.append(",") }
      writer.append(jsonString: scope)
    }
    writer.append("]}")
    return SharedBytes(taking: writer)
  }

  private static func show(_ action: String, _ body: SharedBytes) throws {
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    guard body.count > 0 else { return Output.line("revoked") }
    let root = try parser.scan(copying: body.raw).root
    switch action {
    case "add":
      Output.line(root["key"]?.string ?? "")
      Output.remark("This is the only time that the key is shown.")
    case "list":
      root["keys"]?.forEachElement { Output.line(line($0)) }
    default: Output.line("revoked")
    }
  }

  private static func line(_ key: JSONValueView) -> String {
    var scopes: [String] = []
    key["scopes"]?.forEachElement { scopes.append($0.string ?? "") }
    let parts = [
      key["id"]?.string ?? "", key["name"]?.string ?? "", scopes.joined(separator: ","),
      key["created"]?.string ?? "", key["revoked"]?.string.map { "revoked \($0)" } ?? "",
    ]
    return PlainText.line(parts.filter { !$0.isEmpty }.joined(separator: "  "))
  }
}

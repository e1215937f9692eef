import JSONScan
import SignalboxLog
import SignalboxServer
import Wire

enum KeysCommand: Command {
  private static let scopes = Scope.names.map(\.name)

  static let spec = CommandSpec(
    name: "keys", summary: "Add, list and revoke the keys of a server",
    operands: "list | add NAME | revoke ID", operandCount: 1...2,
    details: """
      A server that listens beyond this machine asks for a key. It prints its first one, an admin key, once, at
      its first start. Keys are stored hashed: a key that is lost is revoked and replaced. With --data the keys
      of a server's folder are changed directly, whether it runs or not.
      """,
    options: [
      .value(
        "scope", "SCOPE", repeats: true,
        "What a new key may do: ingest, read, gateway, tokens, admin; default: ingest, read and gateway"),
      .value("name", "NAME", "Name of a new key, instead of the operand"),
      .value("data", "DIR", "Folder of a server on this machine, instead of asking it"),
      .flag("json", "Print what the server answers"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox keys add phone-app --scope ingest", "A key that can only send."),
      Example("signalbox keys list", "All keys, without their secrets."),
      Example("signalbox keys revoke k_2f81", "Shuts one out at once."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let action = try Action(arguments)
    if let folder = arguments.text("data") {
      try KeyFolder(folder).perform(action)
      return 0
    }
    let client = try ServerClient(arguments)
    let body: SharedBytes
    switch action {
    case .list: body = try await client.call("GET", "/v1/keys")
    case .add(let name, let scopes):
      body = try await client.call("POST", "/v1/keys", body: request(name, scopes))
    case .revoke(let id): body = try await client.call("DELETE", "/v1/keys/\(Query.escaped(id))")
    }
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
    } else {
      try show(action, body)
    }
    return 0
  }
  /// What is to be done.
  enum Action: Equatable {
    case list
    case add(name: String, scopes: [String])
    case revoke(id: String)

    init(_ arguments: Arguments) throws(UsageError) {
      let word = arguments.operands[0]
      let subject = arguments.operands.dropFirst().first
      switch word {
      case "list" where subject == nil: self = .list
      case "add":
        guard let name = subject ?? arguments.text("name") else {
          throw UsageError("signalbox keys add needs a NAME")
        }
        self = .add(name: name, scopes: try Self.checked(arguments.all("scope")))
      case "revoke":
        guard let subject else { throw UsageError("signalbox keys revoke needs an ID (signalbox keys list)") }
        self = .revoke(id: subject)
      default:
        var message = "signalbox keys has no '\(PlainText.line(word))'"
        if let nearest = Nearest.of(word, in: ["add", "list", "revoke"]) {
          message += "; did you mean \(nearest)?"
        }
        throw UsageError(message)
      }
    }

    private static func checked(_ scopes: [String]) throws(UsageError) -> [String] {
      for scope in scopes where !KeysCommand.scopes.contains(scope) {
        let nearest = Nearest.of(scope, in: KeysCommand.scopes).map { "; did you mean \($0)?" } ?? ""
        throw UsageError(
          "--scope takes \(KeysCommand.scopes.joined(separator: ", ")), not '\(scope)'\(nearest)")
      }
      return scopes.isEmpty ? ["ingest", "read", "gateway"] : scopes
    }
  }

  private static func request(_ name: String, _ scopes: [String]) -> SharedBytes {
    var writer = ByteWriter()
    writer.append("{\"name\":")
    writer.append(jsonString: name)
    writer.append(",\"scopes\":[")
    for (place, scope) in scopes.enumerated() {
      if place > 0 { writer.append(",") }
      writer.append(jsonString: scope)
    }
    writer.append("]}")
    return SharedBytes(taking: writer)
  }

  private static func show(_ action: Action, _ body: SharedBytes) throws {
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    switch action {
    case .add:
      showNew(try parser.scan(copying: body.raw).root["key"]?.string ?? "")
    case .list:
      try parser.scan(copying: body.raw).root["keys"]?.forEachElement { Output.line(line($0)) }
    case .revoke: Output.line("revoked")
    }
  }

  static func showNew(_ key: String) {
    Output.line(key)
    Output.remark("This is the only time that the key is shown.")
  }

  static func line(id: String, name: String, scopes: [String], created: String) -> String {
    PlainText.line([id, name, scopes.joined(separator: ","), created].joined(separator: "  "))
  }

  private static func line(_ key: JSONValueView) -> String {
    var scopes: [String] = []
    key["scopes"]?.forEachElement { scopes.append($0.string ?? "") }
    return line(
      id: key["id"]?.string ?? "", name: key["name"]?.string ?? "", scopes: scopes,
      created: key["created"]?.string ?? "")
  }
}

/// The keys of a server's folder, changed without asking the server, which notices.
struct KeyFolder {
  private let ring: KeyRing

  init(_ folder: String) throws {
    do { ring = try KeyRing(directory: folder) } catch {
      throw Failure(message: error.message, fix: "--data names the folder that `signalbox serve` prints.")
    }
  }

  func perform(_ action: KeysCommand.Action) throws {
    switch action {
    case .list:
      for key in ring.list() {
        var created = ByteWriter(capacity: 40)
        created.append(rfc3339: key.created)
        Output.line(
          KeysCommand.line(
            id: key.id, name: key.name, scopes: Scope(rawValue: key.scope).list, created: created.string))
      }
    case .add(let name, let scopes):
      guard let scope = Scope(names: scopes.joined(separator: ",")) else { return }
      KeysCommand.showNew(try ring.add(name: name, scope: scope).key)
    case .revoke(let word):
      let ids = ring.list().filter { $0.id == word || $0.name == word }.map(\.id)
      guard let id = ids.first, ids.count == 1 else {
        throw Failure(
          message: ids.isEmpty ? "there is no key '\(PlainText.line(word))'" : "several keys have that name",
          fix: "signalbox keys list names each by its id.")
      }
      _ = try ring.revoke(id: id)
      Output.line("revoked")
    }
  }
}

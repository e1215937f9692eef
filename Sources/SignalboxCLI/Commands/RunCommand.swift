import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum RunCommand: Command {
  static let spec = CommandSpec(
    name: "run", summary: "Run a program so that its model calls are seen",
    operands: "-- COMMAND [ARGUMENT…]",
    operandCount: 0...Int.max, passesRest: true,
    details: """
      Sets the base URLs that OpenAI and Anthropic clients read, and the OTLP exporter's, to the server, in a
      session of its own, and becomes the program: its signals, its terminal and its exit code are its own.

      OPENAI_BASE_URL, OPENAI_API_BASE, ANTHROPIC_BASE_URL, OTEL_EXPORTER_OTLP_ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_RESOURCE_ATTRIBUTES, SIGNALBOX_URL, SIGNALBOX_SESSION
      """,
    options: [
      .value("session", "ID", "Session to run in; default: a new one"),
      .flag("quiet", "Do not say where to watch"),
      .flag("print", "Print the variables for a shell instead of running anything"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox run -- python app.py", "A program in a session of its own."),
      Example("signalbox run --session alice -- node chat.js", "In a session that you know."),
      Example("signalbox run --print", "The variables, to paste into a shell."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let session = arguments.text("session") ?? newSession()
    let variables = RunEnvironment.variables(
      base: client.base, key: client.key, session: session,
      attributes: Environment.value("OTEL_RESOURCE_ATTRIBUTES"))
    if arguments.has("print") {
      for (name, value) in variables { Output.line("export \(name)=\(RunEnvironment.quoted(value))") }
      return 0
    }
    guard !arguments.operands.isEmpty else {
      throw UsageError("signalbox run needs a command: signalbox run -- python app.py")
    }
    _ = try await client.call("GET", "/healthz")
    if !arguments.has("quiet") {
      Output.remark("signalbox: session \(session), watch it with: signalbox tail --session \(session)")
    }
    for (name, value) in variables { setenv(name, value, 1) }
    try become(arguments.operands)
    return 0
  }

  /// Replaces this program; returns only by failing.
  private static func become(_ words: [String]) throws {
    // What this program set for itself must not be inherited.
    signal(SIGPIPE, SIG_DFL)
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    pointers.append(nil)
    execvp(words[0], pointers)
    let code = errno
    for pointer in pointers { free(pointer) }
    throw Failure(
      message: "cannot run '\(PlainText.line(words[0]))': \(String(cString: strerror(code)))",
      fix: "", code: code == ENOENT ? 127 : 126)
  }

  private static func newSession() -> String {
    var random = SystemRandomNumberGenerator()
    var writer = ByteWriter(capacity: 16)
    writer.append("run-")
    writer.append(hex: random.next(), digits: 8)
    return writer.string
  }
}

/// The variables that `run` sets.
enum RunEnvironment {
  /// OpenAI and Anthropic clients can set nothing but a URL: key and session travel in its path, `-` standing
  /// for "no key".
  static func variables(
    base: String, key: String?, session: String, attributes: String?
  ) -> [(name: String, value: String)] {
    let gateway = "\(base)/g/\(Query.escaped(key ?? "-"))/\(Query.escaped(session))"
    let named = "session.id=\(Query.escaped(session))"
    var variables = [
      (name: "OPENAI_BASE_URL", value: "\(gateway)/openai/v1"),
      (name: "OPENAI_API_BASE", value: "\(gateway)/openai/v1"),
      (name: "ANTHROPIC_BASE_URL", value: "\(gateway)/anthropic"),
      (name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: base),
      (name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/protobuf"),
      (
        name: "OTEL_RESOURCE_ATTRIBUTES",
        value: attributes.map { $0.isEmpty ? named : "\($0),\(named)" } ?? named
      ),
      (name: "SIGNALBOX_URL", value: base),
      (name: "SIGNALBOX_SESSION", value: session),
    ]
    if let key {
      variables.append((name: "SIGNALBOX_KEY", value: key))
      variables.append((name: "OTEL_EXPORTER_OTLP_HEADERS", value: "Authorization=Bearer%20\(key)"))
    }
    return variables
  }

  /// A word of a POSIX shell that means exactly this text.
  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

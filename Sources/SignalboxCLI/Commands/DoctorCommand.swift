import SignalboxServer

enum DoctorCommand: Command {
  static let spec = CommandSpec(
    name: "doctor", summary: "Check what Signalbox needs, and say how to mend what is missing",
    details: """
      A check a line: the server, its key, the port and the folder for a server that does not run yet, the
      providers, the clocks, the variables of this shell. What is not well comes with its fix. Exit code 1 when
      something is broken.
      """,
    options: ServeOptions.places + ServerClient.options,
    examples: [
      Example("signalbox doctor", "With what the variables say, or the defaults."),
      Example("signalbox doctor --upstream local=http://127.0.0.1:8090", "A provider of your own, too."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let remote = RemoteChecks(client: client)
    var findings: [Finding] = [.good("version", "signalbox \(Version.current)")]
    if let server = await remote.server() {
      findings += server
    } else {
      let port = LocalChecks.port(ServeOptions.listen(arguments))
      let start = "Start one with `signalbox serve`, or say where it is with --url."
      findings.append(.warning("server", "no server answers at \(client.base)", fix: start))
      findings.append(port)
      findings.append(LocalChecks.data(ServeOptions.data(arguments)))
    }
    for (name, url) in try ServeOptions.upstreams(arguments).sorted(by: { $0.key < $1.key }) {
      let isDefault = ServerConfiguration.defaultUpstreams[name] == url
      // Not everybody has an Ollama at its own place.
      findings += await remote.upstream(name, url).filter {
        !(isDefault && name == "ollama" && $0.level == .bad)
      }
    }
    let known = Set(Program.commands.flatMap { $0.spec.options.compactMap(\.environment) })
    findings += LocalChecks.variables(Environment.all, known: known.sorted(), base: client.base)
    let colour = TerminalInfo.wantsColour(Environment.value)
    for finding in findings {
      for line in finding.lines(colour: colour) { Output.line(line.rendered(colour: colour)) }
    }
    return findings.contains { $0.level == .bad } ? 1 : 0
  }
}

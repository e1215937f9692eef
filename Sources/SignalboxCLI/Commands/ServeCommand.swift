import Net
import Signalbox
import SignalboxLog
import SignalboxServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum ServeCommand: Command {
  static let spec = CommandSpec(
    name: "serve", summary: "Run the server: take events, keep them, show them, pass LLM calls through",
    details: """
      Runs until it is told to stop (SIGINT or SIGTERM), then finishes what is under way, within 5 s. On a
      loopback address it is open; on any other it asks for keys and prints an admin key at its first start.
      """,
    options: ServeOptions.places + [
      .value(
        "durability", "normal|full", environment: "SIGNALBOX_DURABILITY", default: "normal",
        "What acknowledged events survive: kill -9 (normal), or a power loss too (full)"),
      .value("retain-days", "DAYS", environment: "SIGNALBOX_RETAIN_DAYS", "Forget events older than this"),
      .value(
        "retain-gb", "GB", environment: "SIGNALBOX_RETAIN_GB",
        "Forget the oldest events beyond this size on disk"),
      .value(
        "allow-host", "NAME", environment: "SIGNALBOX_ALLOW_HOSTS", repeats: true,
        "Another name that requests may use for this server"),
      .value(
        "allow-origin", "ORIGIN", environment: "SIGNALBOX_ALLOW_ORIGINS", repeats: true,
        "A site whose pages may use this server, such as https://app.example.com"),
      .flag("require-keys", environment: "SIGNALBOX_REQUIRE_KEYS", "Ask for keys on a loopback address too"),
      .value("loops", "N", environment: "SIGNALBOX_LOOPS", "Event loops; default: one a core, at most 4"),
    ],
    examples: [
      Example("signalbox serve", "on http://127.0.0.1:7446, with the page at /"),
      Example("signalbox serve --upstream openai=http://127.0.0.1:8090", "with a local model behind /openai"),
      Example("signalbox serve --listen 0.0.0.0:7446 --retain-days 30", "for a team, with keys"),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    Interrupts.hold()
    let configuration = try configuration(arguments)
    let server: Server
    do {
      server = try Server(configuration) { Output.complain($0.message) }
    } catch {
      throw Failure(
        message: "The log in \(configuration.dataDirectory) cannot be used: \(error.message)",
        fix: "Choose another folder with --data, or run `signalbox doctor`.")
    }
    let started: Server.Started
    do { started = try server.start() } catch {
      throw Failure(
        message: "\(configuration.host):\(configuration.port) cannot be listened on: \(error)",
        fix: "--listen \(configuration.host):0 takes a free port; `signalbox doctor` says who has this one.")
    }
    if let key = started.adminKey {
      Output.line("admin key, shown this once: \(key)")
    }
    Output.line(
      "signalbox \(Version.current) listening on \(started.address.url) (data: \(configuration.dataDirectory))"
    )
    await stopSignal()
    server.stop()
    return 0
  }

  /// Returns at the first signal; the second ends the program at once.
  private static func stopSignal() async {
    await withCheckedContinuation { continuation in
      Interrupts.onFirst { continuation.resume() }
    }
  }

  private static func configuration(_ arguments: Arguments) throws(UsageError) -> ServerConfiguration {
    var configuration = ServerConfiguration()
    let listen = ServeOptions.listen(arguments)
    guard let (host, port) = Endpoint.split(listen) else {
      throw UsageError("--listen takes HOST:PORT, such as 127.0.0.1:7446, not '\(listen)'")
    }
    configuration.host = host
    configuration.port = port
    configuration.dataDirectory = ServeOptions.data(arguments)
    configuration.upstreams = try ServeOptions.upstreams(arguments)
    for (name, url) in configuration.upstreams {
      do { _ = try GatewayUpstream(name: name, url: url) } catch { throw UsageError("--upstream: \(error)") }
    }
    let durability = arguments.text("durability") ?? "normal"
    guard let known = Durability(rawValue: durability) else {
      throw UsageError("--durability is normal or full, not '\(durability)'")
    }
    configuration.durability = known
    configuration.retainDays = try arguments.number("retain-days")
    configuration.retainBytes = try arguments.number("retain-gb").map { UInt64($0 * 1e9) }
    configuration.allowedHosts = arguments.all("allow-host")
    configuration.allowedOrigins = arguments.all("allow-origin")
    if arguments.has("require-keys") { configuration.requiresKeys = true }
    configuration.loops = try arguments.integer("loops", in: 1...64) ?? 0
    return configuration
  }
}

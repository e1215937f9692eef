import Net
import Signalbox
import SignalboxLLM
import SignalboxLog
import SignalboxServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum ServeCommand: Command {
  static let spec = CommandSpec(
    name: "serve", summary: "Start the server: events in, live views out, a gateway to the providers",
    details: """
      Prints one line when it is ready. On an address of this machine alone it is open, for development; on any
      other it asks for keys, and prints an admin key, once, at its first start. SIGTERM lets answers finish and
      ends within 5 s.
      """,
    options: ServeOptions.places + ServeOptions.usage + [
      .value(
        "durability", "LEVEL", environment: "SIGNALBOX_DURABILITY", default: "normal",
        "normal survives kill -9; full survives a power loss, and waits for the disk"),
      .value(
        "prices", "FILE", environment: "SIGNALBOX_PRICES",
        "Prices of models, merged over the built-in ones (docs/usage-and-cost.md)"),
      .value("retain-days", "DAYS", environment: "SIGNALBOX_RETAIN_DAYS", "Forget what is older"),
      .value("retain-gb", "GB", environment: "SIGNALBOX_RETAIN_GB", "Forget the oldest beyond this size"),
      .value(
        "request-timeout", "S", environment: "SIGNALBOX_REQUEST_TIMEOUT", default: "10",
        "Seconds for a request's head; three times that for 4 KiB of its body"),
      .value(
        "viewer-timeout", "S", environment: "SIGNALBOX_VIEWER_TIMEOUT", default: "30",
        "Seconds after which a viewer is closed that takes nothing; twice that for any socket whose peer is silent"
      ),
      .value(
        "allow-host", "NAME", environment: "SIGNALBOX_ALLOW_HOSTS", repeats: true,
        "Another name that clients may call this server by"),
      .value(
        "allow-origin", "ORIGIN", environment: "SIGNALBOX_ALLOW_ORIGINS", repeats: true,
        "A web page's origin that may use this server"),
      .value(
        "record", "DIR", environment: "SIGNALBOX_RECORD",
        "Write every model call, with its content, to a file there (see signalbox replay)"),
      .value(
        "chat-url", "URL", environment: "SIGNALBOX_CHAT_URL",
        "Send what is written in a session's socket there for an answer (docs/sockets.md)"),
      .flag(
        "chat-events", environment: "SIGNALBOX_CHAT_EVENTS",
        "Store it as an event chat.message instead, for a program that watches those"),
      .flag("require-keys", environment: "SIGNALBOX_REQUIRE_KEYS", "Ask for keys on this machine, too"),
      .value("loops", "N", environment: "SIGNALBOX_LOOPS", "Event loops; default: one a core, at most 4"),
    ] + AccessOptions.options + ContentOptions.options,
    examples: [
      Example("signalbox serve", "On http://127.0.0.1:7446, forwarding to the real providers."),
      Example(
        "signalbox serve --upstream openai=http://127.0.0.1:8090 --data ./data", "In front of a local model."),
      Example(
        "signalbox serve --listen 0.0.0.0:7446 --retain-days 30 --retain-gb 20", "For others, with keys."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    var configuration = try configuration(arguments)
    let recorder = try recorder(arguments)
    configuration.recorder = recorder
    Interrupts.hold()
    raiseDescriptorLimit()
    Server.tuneAllocator()
    let server: Server
    let started: Server.Started
    do {
      server = try Server(configuration) { Output.complain(PlainText.line($0.message)) }
      started = try server.start()
    } catch let error as LogError {
      throw failure(error, configuration)
    } catch let error as NetError {
      throw Failure(
        message: "cannot \(error.action): \(error.reason)",
        fix: "Another program may be there; --listen \(configuration.host):0 takes a free port.")
    }
    if let key = started.adminKey {
      Output.line("admin key, shown this once: \(key)")
    }
    if let folder = arguments.text("record") {
      Output.remark("signalbox: every model call is written to \(PlainText.line(folder)), content and all")
    }
    let data = configuration.dataDirectory
    Output.line("signalbox \(Version.current) listening on \(started.address.url) (data: \(data))")
    _ = Interrupts.wait()
    // Whatever happens, the process is gone after five seconds; the log survives that as it survives kill -9.
    alarm(5)
    SystemThread { exit(128 + Interrupts.wait()) }.detach()
    server.stop(within: 3000)
    await recorder?.flush()
    return 0
  }

  private static func recorder(_ arguments: Arguments) throws -> CassetteRecorder? {
    guard let folder = arguments.text("record") else { return nil }
    do throws(CassetteError) {
      return try CassetteRecorder(folder: folder) { Output.complain(PlainText.line($0)) }
    } catch {
      throw Failure(message: "--record: \(PlainText.line(error.message))")
    }
  }

  static func configuration(_ arguments: Arguments) throws -> ServerConfiguration {
    var configuration = ServerConfiguration()
    guard let (host, port) = Endpoint.split(ServeOptions.listen(arguments)) else {
      throw UsageError(
        "--listen takes HOST:PORT, such as 127.0.0.1:7446, not '\(ServeOptions.listen(arguments))'")
    }
    configuration.host = host
    configuration.port = port
    configuration.dataDirectory = ServeOptions.data(arguments)
    configuration.upstreams = try ServeOptions.upstreams(arguments)
    for (name, url) in configuration.upstreams {
      do { _ = try GatewayUpstream(name: name, url: url) } catch { throw UsageError("--upstream: \(error)") }
    }
    configuration.gatewayUsage = try ServeOptions.usage(arguments)
    configuration.upstreamUsage = try ServeOptions.usageByName(arguments, upstreams: configuration.upstreams)
    let durability = arguments.text("durability") ?? "normal"
    guard let level = Durability(rawValue: durability) else {
      throw UsageError("--durability takes normal or full, not '\(durability)'")
    }
    configuration.durability = level
    do { configuration.prices = try PriceTable.configured(path: arguments.text("prices")) } catch {
      throw UsageError("--prices: \(error)")
    }
    configuration.retainDays = try arguments.number("retain-days", atLeast: 0.01)
    configuration.retainBytes = try arguments.number("retain-gb", atLeast: 0.1).map { UInt64($0 * 1e9) }
    configuration.requestSeconds = try arguments.integer("request-timeout", in: 1...3600) ?? 10
    configuration.viewerSeconds = try arguments.integer("viewer-timeout", in: 1...3600) ?? 30
    configuration.allowedHosts = arguments.all("allow-host")
    configuration.allowedOrigins = arguments.all("allow-origin")
    if arguments.has("require-keys") { configuration.requiresKeys = true }
    try AccessOptions.apply(arguments, to: &configuration)
    if let url = arguments.text("chat-url") {
      guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
        throw UsageError("--chat-url takes an http or https URL, not '\(url)'")
      }
      configuration.chat = ChatForwarding.handler(url: url)
    }
    configuration.storesChat = arguments.has("chat-events")
    try ContentOptions.apply(arguments, to: &configuration)
    configuration.loops = try arguments.integer("loops", in: 1...64) ?? 0
    return configuration
  }

  private static func failure(_ error: LogError, _ configuration: ServerConfiguration) -> Failure {
    let fix =
      switch error.code {
      case .folder: "Choose another folder with --data DIR."
      case .inUse: "A server with this folder runs already; stop it, or choose another with --data DIR."
      case .database: "signalbox doctor --data \(configuration.dataDirectory)"
      }
    return Failure(message: error.message, fix: fix)
  }

  /// Every connection takes a descriptor, and shells give a process 1024.
  private static func raiseDescriptorLimit() {
    #if canImport(Glibc)
      let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let descriptors = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(descriptors, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(descriptors, &limit)
  }
}

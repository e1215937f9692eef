import SignalboxLLM
import SignalboxTesting

enum ReplayCommand: Command {
  static let spec = CommandSpec(
    name: "replay", summary: "Serve recorded model calls as their provider would",
    operands: "FILE…", operandCount: 1...Int.max,
    details: """
      Plays what `signalbox serve --record DIR` wrote. A request is answered by the recording of the same request,
      else by one of the same path and model, else of the same path, else by any; of several by the one that was
      played least, in the order of the files. Keys are not asked for. Prints one line when it is ready.
      """,
    options: [
      .value(
        "as", "PROVIDER", "openai, anthropic, azure, gemini, ollama or bedrock; default: what was recorded"),
      .value("speed", "N", default: "1", "1 as it was, 2 twice as fast, 0 at once"),
      .value(
        "listen", "HOST:PORT", default: "127.0.0.1:7447", "Where to listen; port 0 takes a free one"),
    ],
    examples: [
      Example(
        "signalbox replay recorded/*.ndjson", "At http://127.0.0.1:7447, with the timing of the recording."),
      Example("signalbox replay call.ndjson --as openai --speed 0 --listen 127.0.0.1:0", "For a test."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let cassettes = try arguments.operands.map { path in
      do throws(CassetteError) { return try Cassette(contentsOf: path) } catch {
        throw Failure(message: "\(PlainText.line(path)): \(PlainText.line(error.description))")
      }
    }
    let provider = try provider(arguments, cassettes)
    let listen = arguments.text("listen") ?? "127.0.0.1:7447"
    guard let (host, port) = Endpoint.split(listen) else {
      throw UsageError("--listen takes HOST:PORT, such as 127.0.0.1:7447, not '\(listen)'")
    }
    let speed = try arguments.number("speed") ?? 1
    Interrupts.hold()
    let player: ScriptedProvider
    do throws(ProviderError) {
      player = try ScriptedProvider(cassettes: cassettes, speed: speed, host: host, port: UInt16(port))
    } catch {
      throw Failure(message: error.description, fix: "--listen \(host):0 takes a free port.")
    }
    let noun = cassettes.count == 1 ? "recording" : "recordings"
    Output.line(
      "signalbox replays \(cassettes.count) \(noun) of \(provider.rawValue) at \(provider.base(player.url))")
    _ = Interrupts.wait()
    player.stop()
    return 0
  }

  /// The one that was said, which must have the paths of all recordings, else the first that has them.
  static func provider(_ arguments: Arguments, _ cassettes: [Cassette]) throws -> ReplayedProvider {
    if let name = arguments.text("as") {
      guard let provider = ReplayedProvider(rawValue: name) else {
        throw UsageError("--as takes \(ReplayedProvider.names), not '\(PlainText.line(name))'")
      }
      if let other = cassettes.first(where: { !provider.has(path: $0.request.path) }) {
        throw UsageError("a recording of \(PlainText.line(other.request.path)) cannot be played as \(name)")
      }
      return provider
    }
    let fitting = ReplayedProvider.allCases.first { provider in
      cassettes.allSatisfy { provider.has(path: $0.request.path) }
    }
    return fitting ?? .openai
  }
}

/// Whom recordings are played as.
enum ReplayedProvider: String, CaseIterable {
  case openai, anthropic, azure, gemini, ollama, bedrock

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// Whether it may be asked for that path; a path that is no model call may be asked of everybody.
  func has(path: String) -> Bool {
    guard let format = ProviderFormat(path: path) else { return true }
    return switch self {
    case .openai, .azure: [.chat, .completions, .responses].contains(format)
    case .anthropic: format == .messages
    case .gemini: format == .gemini || format == .chat
    case .ollama: format == .ollama || format == .chat
    case .bedrock: format == .converse
    }
  }

  /// What its clients are given as the base URL.
  func base(_ url: String) -> String { self == .openai ? url + "/v1" : url }
}

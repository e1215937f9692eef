import SignalboxServer

/// What a server is told on its command line; `doctor` looks at the same places.
enum ServeOptions {
  /// Where it listens, keeps its data and forwards to.
  static let places: [Option] = [
    .value(
      "listen", "HOST:PORT", environment: "SIGNALBOX_LISTEN", default: "127.0.0.1:7446",
      "Where to listen; port 0 takes a free one"),
    .value(
      "data", "DIR", environment: "SIGNALBOX_DATA",
      "Folder of the log; default: $XDG_DATA_HOME/signalbox, or ~/.local/share/signalbox"),
    .value(
      "upstream", "NAME=URL", environment: "SIGNALBOX_UPSTREAMS", repeats: true,
      "A provider that the gateway forwards to; openai, anthropic, gemini and ollama are known"),
  ]

  /// Whether the gateway asks for the usage of streams.
  static let usage: [Option] = [
    .value(
      "gateway-usage", "POLICY", environment: "SIGNALBOX_GATEWAY_USAGE", default: "auto",
      "auto asks OpenAI and Azure for the usage of streams, and takes the answer out again; never does not"),
    .value(
      "upstream-usage", "NAME=POLICY", environment: "SIGNALBOX_UPSTREAM_USAGE", repeats: true,
      "The same for one provider: ask, never or auto"),
  ]

  static func listen(_ arguments: Arguments) -> String { arguments.text("listen") ?? "127.0.0.1:7446" }

  static func data(_ arguments: Arguments) -> String {
    if let said = arguments.text("data") { return said }
    if let shared = Environment.value("XDG_DATA_HOME"), !shared.isEmpty { return shared + "/signalbox" }
    return (Environment.value("HOME") ?? "/tmp") + "/.local/share/signalbox"
  }

  /// Base URLs by name: the real providers, unless something else is said.
  static func upstreams(_ arguments: Arguments) throws(UsageError) -> [String: String] {
    var upstreams = ServerConfiguration.defaultUpstreams
    for word in arguments.all("upstream") {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[1].hasPrefix("http://") || parts[1].hasPrefix("https://") else {
        throw UsageError("--upstream takes NAME=URL, such as openai=http://127.0.0.1:8090, not '\(word)'")
      }
      upstreams[parts[0]] = parts[1]
    }
    return upstreams
  }

  static func usage(_ arguments: Arguments) throws(UsageError) -> UsagePolicy {
    let word = arguments.text("gateway-usage") ?? "auto"
    guard let policy = UsagePolicy(rawValue: word), policy != .ask else {
      throw UsageError("--gateway-usage takes auto or never, not '\(word)'")
    }
    return policy
  }

  /// What is said of single upstreams, which must be there.
  static func usageByName(
    _ arguments: Arguments, upstreams: [String: String]
  ) throws(UsageError) -> [String: UsagePolicy] {
    var policies: [String: UsagePolicy] = [:]
    for word in arguments.all("upstream-usage") {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let policy = UsagePolicy(rawValue: parts[1]) else {
        throw UsageError("--upstream-usage takes NAME=ask, NAME=never or NAME=auto, not '\(word)'")
      }
      guard upstreams[parts[0]] != nil else {
        throw UsageError(
          "--upstream-usage: there is no upstream '\(parts[0])'; add --upstream \(parts[0])=URL")
      }
      policies[parts[0]] = policy
    }
    return policies
  }
}

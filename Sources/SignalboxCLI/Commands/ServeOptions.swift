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
      "A provider that the gateway forwards to; openai and anthropic are known"),
  ]

  static func listen(_ arguments: Arguments) -> String { arguments.text("listen") ?? "127.0.0.1:7446" }

  static func data(_ arguments: Arguments) -> String {
    if let said = arguments.text("data") { return said }
    if let shared = Environment.value("XDG_DATA_HOME"), !shared.isEmpty { return shared + "/signalbox" }
    return (Environment.value("HOME") ?? "/tmp") + "/.local/share/signalbox"
  }

  /// Base URLs by name: the real providers, unless something else is said.
  static func upstreams(_ arguments: Arguments) throws(UsageError) -> [String: String] {
    var upstreams = ["openai": "https://api.openai.com", "anthropic": "https://api.anthropic.com"]
    for word in arguments.all("upstream") {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[1].hasPrefix("http://") || parts[1].hasPrefix("https://") else {
        throw UsageError("--upstream takes NAME=URL, such as openai=http://127.0.0.1:8090, not '\(word)'")
      }
      upstreams[parts[0]] = parts[1]
    }
    return upstreams
  }
}

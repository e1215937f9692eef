/// What this program calls itself.
enum Version {
  static let current = "0.1.0"
}

enum VersionCommand: Command {
  static let spec = CommandSpec(name: "version", summary: "Print the version")

  static func run(_ arguments: Arguments) async throws -> Int32 {
    Output.line("signalbox \(Version.current)")
    return 0
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The program `signalbox`: finds the subcommand, reads its command line and runs it.
package struct Program {
  static var commands: [any Command.Type] {
    [
      ServeCommand.self, RunCommand.self, TailCommand.self, TracesCommand.self, TypesCommand.self,
      AskCommand.self,
      EmitCommand.self, CancelCommand.self, KeysCommand.self, TokensCommand.self, DoctorCommand.self,
      DemoCommand.self, ReplayCommand.self,
      VersionCommand.self,
    ]
  }

  /// Does what the process was started for, and ends it.
  package static func main() async {
    // A reader that goes away ends the command through the write that fails, not through a signal.
    signal(SIGPIPE, SIG_IGN)
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  /// The exit code: 0 for success, 1 for a failure, 2 for a command line that makes no sense.
  static func run(_ words: [String]) async -> Int32 {
    guard let name = words.first else {
      Output.text(Help.overview(commands.map { $0.spec }, version: Version.current))
      return 0
    }
    let rest = Array(words.dropFirst())
    switch name {
    case "--help", "-h", "help": return help(rest.first)
    case "--version", "-V": return await run(["version"])
    default: break
    }
    guard let command = commands.first(where: { $0.spec.name == name }) else { return unknown(name) }
    let own = rest.prefix { $0 != "--" }
    if own.contains("--help") || own.contains("-h"), !command.spec.passesRest || asksForHelp(rest) {
      Output.text(Help.page(command.spec))
      return 0
    }
    do {
      let arguments = try command.spec.parse(rest, environment: Environment.value)
      return try await command.run(arguments)
    } catch let error as UsageError {
      Output.complain("\(error.message)\n`signalbox \(name) --help` explains the command, with examples.")
      return 2
    } catch let failure as Failure {
      Output.complain(failure.message + (failure.fix.isEmpty ? "" : "\n\(failure.fix)"))
      return failure.code
    } catch {
      Output.complain("\(error)")
      return 1
    }
  }

  /// Whether the options before somebody else's command line ask for help.
  private static func asksForHelp(_ words: [String]) -> Bool {
    words.first == "--help" || words.first == "-h"
  }

  private static func help(_ name: String?) -> Int32 {
    guard let name else {
      Output.text(Help.overview(commands.map { $0.spec }, version: Version.current))
      return 0
    }
    guard let command = commands.first(where: { $0.spec.name == name }) else { return unknown(name) }
    Output.text(Help.page(command.spec))
    return 0
  }

  private static func unknown(_ name: String) -> Int32 {
    var message = "there is no command '\(PlainText.line(name))'"
    if let nearest = Nearest.of(name, in: commands.map { $0.spec.name }) {
      message += "; did you mean `signalbox \(nearest)`?"
    }
    Output.complain(message + "\n`signalbox --help` lists the commands.")
    return 2
  }
}

/// A subcommand.
protocol Command {
  static var spec: CommandSpec { get }
  /// Does it and returns the exit code. It has the main actor for itself and may block it.
  @MainActor static func run(_ arguments: Arguments) async throws -> Int32
}

/// Why a command could not do its work, and what would help.
struct Failure: Error, Equatable {
  let message: String
  var fix = ""
  var code: Int32 = 1
}

/// Variables of the process.
enum Environment {
  static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// All of them, as they were at the start.
  static var all: [String: String] {
    var variables: [String: String] = [:]
    // They lie behind the arguments and the null that ends those; `environ` itself is a mutable global.
    var next = CommandLine.unsafeArgv + Int(CommandLine.argc) + 1
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    return variables
  }
}

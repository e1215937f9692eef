@testable import SignalboxCLI

extension Property {
  /// The input is a command line, a word a line, the command first; behind an empty line, what the environment says. What
  /// is taken is taken as the same when it is written out in full; what is refused is refused with a word.
  static let arguments = Property("arguments") { bytes in
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let spec = Program.commands.first(where: { $0.spec.name == lines.first })?.spec else { return }
    let words = Array(lines.dropFirst().prefix { !$0.isEmpty })
    var environment: [String: String] = [:]
    for line in lines.dropFirst(words.count + 2) {
      let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { environment[parts[0]] = parts[1] }
    }
    do {
      let taken = try spec.parse(words) { environment[$0] }
      let again = try spec.parse(inFull(taken, spec)) { _ in nil }
      precondition(
        again.values == taken.values && again.operands == taken.operands, "written out it is something else")
      // What is read from a file is that file's property, and a path may be any device.
      let files = ["prices", "jwks", "redact-rules"]
      if spec.name == "serve", !files.contains(where: taken.has) { _ = try ServeCommand.configuration(taken) }
    } catch let error as UsageError {
      precondition(!error.message.isEmpty, "an error without a word")
    } catch {
      precondition(!"\(error)".isEmpty, "an error without a word")
    }
  }

  private static func inFull(_ arguments: Arguments, _ spec: CommandSpec) -> [String] {
    var words: [String] = []
    for option in spec.options {
      for value in arguments.all(option.name) {
        words.append(option.value == nil ? "--\(option.name)" : "--\(option.name)=\(value)")
      }
    }
    return words + ["--"] + arguments.operands
  }
}

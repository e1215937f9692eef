/// The texts of `--help`, made from the specs.
enum Help {
  /// What `signalbox` and `signalbox --help` print.
  static func overview(_ commands: [CommandSpec], version: String) -> String {
    let width = commands.map(\.name.count).max() ?? 0
    var text = """
      Signalbox \(version) shows what an LLM application is doing while it does it.

      Usage: signalbox COMMAND [OPTIONS]

      Commands:

      """
    for command in commands {
      text += "  \(padded(command.name, to: width))  \(command.summary)\n"
    }
    text += """

      Start here:
        signalbox serve                       start the server, then open http://127.0.0.1:7446
        signalbox demo                        play a believable run into it
        signalbox run -- python app.py        watch a program that calls OpenAI or Anthropic
        signalbox tail                        watch in this terminal

      `signalbox COMMAND --help` explains a command, with examples.
      """
    return text + "\n"
  }

  /// What `signalbox COMMAND --help` prints.
  static func page(_ command: CommandSpec) -> String {
    var usage = "Usage: signalbox \(command.name)"
    if !command.options.isEmpty { usage += " [OPTIONS]" }
    if !command.operands.isEmpty { usage += " \(command.operands)" }
    var text = "\(command.summary).\n\n\(usage)\n"
    if !command.details.isEmpty { text += "\n\(command.details)\n" }
    if !command.options.isEmpty {
      text += "\nOptions:\n"
      let column = command.options.map { head(of: $0).count }.max() ?? 0
      for option in command.options { text += lines(of: option, column: column) }
    }
    if !command.examples.isEmpty {
      text += "\nExamples:\n"
      for example in command.examples { text += "  \(example.line)\n      \(example.does)\n" }
    }
    return text
  }

  private static func head(of option: Option) -> String {
    var head = "  --\(option.name)"
    if let value = option.value { head += " \(value)" }
    return option.repeats ? head + " …" : head
  }

  private static func lines(of option: Option, column: Int) -> String {
    var notes: [String] = []
    if let fallback = option.fallback { notes.append("default \(fallback)") }
    if let variable = option.environment { notes.append(variable) }
    let tail = notes.isEmpty ? "" : " [\(notes.joined(separator: "; "))]"
    return padded(head(of: option), to: column) + "  \(option.help)\(tail)\n"
  }

  static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

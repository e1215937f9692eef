/// One option of a subcommand, written down once: parsing, environment and help all come from it.
struct Option: Sendable {
  /// Long name without the hyphens, such as `retain-days`.
  let name: String
  /// What stands for the value in the help; nil makes the option a flag.
  let value: String?
  /// Environment variable that sets it when the command line does not.
  let environment: String?
  /// Value when neither says anything; nil means "not set".
  let fallback: String?
  /// May be given more than once.
  let repeats: Bool
  let help: String

  static func value(
    _ name: String, _ value: String, environment: String? = nil, default fallback: String? = nil,
    repeats: Bool = false, _ help: String
  ) -> Option {
    Option(
      name: name, value: value, environment: environment, fallback: fallback, repeats: repeats, help: help)
  }

  static func flag(_ name: String, environment: String? = nil, _ help: String) -> Option {
    Option(name: name, value: nil, environment: environment, fallback: nil, repeats: false, help: help)
  }
}

/// A command line that cannot be carried out: what is wrong, and what would be right.
struct UsageError: Error, Equatable {
  let message: String

  init(_ message: String) { self.message = message }
}

/// What a command line said, after environment and defaults have filled in the rest.
struct Arguments: Sendable {
  /// Values by option name, in the order given; a flag that is set has one empty value.
  fileprivate(set) var values: [String: [String]] = [:]
  /// What is no option, in order.
  fileprivate(set) var operands: [String] = []

  func has(_ name: String) -> Bool { values[name] != nil }

  /// The value of an option, the last one when it was given again.
  func text(_ name: String) -> String? { values[name]?.last }

  /// All values of an option that repeats.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The value as a number of at least `least`.
  func number(_ name: String, atLeast least: Double = 0) throws(UsageError) -> Double? {
    guard let text = text(name) else { return nil }
    guard let number = Double(text), number.isFinite, number >= least else {
      throw UsageError("--\(name) takes a number from \(Figures.plain(least)) up, not '\(text)'")
    }
    return number
  }

  /// The value as a whole number within a range.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        "--\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }
}

/// A subcommand as data: what it is called, what it takes, how it is explained.
struct CommandSpec: Sendable {
  let name: String
  /// One line, for the list of commands.
  let summary: String
  /// What follows the options, as the usage line shows it.
  var operands = ""
  /// How many operands there may be.
  var operandCount: ClosedRange<Int> = 0...0
  /// Everything from the first operand on belongs to somebody else's program.
  var passesRest = false
  /// A few sentences below the usage line.
  var details = ""
  var options: [Option] = []
  /// Command lines that work, each with what it does.
  var examples: [Example] = []

  /// Reads a command line without the program and the command.
  ///
  /// The command line goes before the environment, the environment before the default.
  func parse(_ words: [String], environment: (String) -> String?) throws(UsageError) -> Arguments {
    var arguments = Arguments()
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        arguments.operands += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        arguments.operands.append(word)
        if passesRest {
          if rest.first == "--" { rest.removeFirst() }
          arguments.operands += rest
          break
        }
        continue
      }
      try take(word, &rest, into: &arguments)
    }
    for option in options where arguments.values[option.name] == nil {
      if let variable = option.environment, let text = environment(variable), !text.isEmpty {
        try adopt(text, of: variable, for: option, into: &arguments)
      } else if let fallback = option.fallback {
        arguments.values[option.name] = [fallback]
      }
    }
    try checkOperands(arguments.operands)
    return arguments
  }

  private func take(
    _ word: String, _ rest: inout ArraySlice<String>, into arguments: inout Arguments
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0].drop { $0 == "-" })
    guard parts[0].hasPrefix("--"), let option = options.first(where: { $0.name == name }) else {
      throw unknown(String(parts[0]))
    }
    guard let placeholder = option.value else {
      guard parts.count == 1 else { throw UsageError("--\(name) takes no value") }
      arguments.values[name] = [""]
      return
    }
    let value: String
    if parts.count == 2 {
      value = String(parts[1])
    } else if let next = rest.popFirst() {
      value = next
    } else {
      throw UsageError("--\(name) needs a value: --\(name) \(placeholder)")
    }
    if !option.repeats, arguments.values[name] != nil {
      throw UsageError("--\(name) was given twice")
    }
    arguments.values[name, default: []].append(value)
  }

  private func adopt(
    _ text: String, of variable: String, for option: Option, into arguments: inout Arguments
  ) throws(UsageError) {
    if option.value == nil {
      switch text.lowercased() {
      case "1", "true", "yes", "on": arguments.values[option.name] = [""]
      case "0", "false", "no", "off": break
      default: throw UsageError("\(variable) takes 1 or 0, not '\(text)'")
      }
    } else if option.repeats {
      arguments.values[option.name] = text.split(separator: ",").map(String.init)
    } else {
      arguments.values[option.name] = [text]
    }
  }

  private func checkOperands(_ operands: [String]) throws(UsageError) {
    if operands.count < operandCount.lowerBound {
      throw UsageError("signalbox \(name) needs \(self.operands)")
    }
    if operands.count > operandCount.upperBound {
      let extra = operands[operandCount.upperBound]
      throw UsageError("signalbox \(name) does not know what to do with '\(extra)'")
    }
  }

  private func unknown(_ word: String) -> UsageError {
    let known = options.map { "--" + $0.name } + ["--help"]
    var message = "signalbox \(name) has no option \(word)"
    if let nearest = Nearest.of(word, in: known) { message += "; did you mean \(nearest)?" }
    return UsageError(message)
  }
}

/// A command line that works, and what it does.
struct Example: Sendable {
  let line: String
  let does: String

  init(_ line: String, _ does: String) {
    self.line = line
    self.does = does
  }
}

import Testing

@testable import SignalboxCLI

@Suite struct OptionTests {
  let spec = CommandSpec(
    name: "probe", summary: "Probe things", operands: "[NAME]", operandCount: 0...1,
    options: [
      .value("listen", "HOST:PORT", environment: "SIGNALBOX_LISTEN", default: "127.0.0.1:7446", "Where"),
      .value("tag", "KEY=VALUE", environment: "SIGNALBOX_TAGS", repeats: true, "Only with this tag"),
      .flag("json", environment: "SIGNALBOX_JSON", "Print JSON"),
      .value("limit", "N", "How many"),
    ],
    examples: [Example("signalbox probe --json", "Prints JSON.")])

  func parse(_ words: [String], _ environment: [String: String] = [:]) throws -> Arguments {
    try spec.parse(words, environment: { environment[$0] })
  }

  @Test func theCommandLineGoesBeforeTheEnvironmentBeforeTheDefault() throws {
    let environment = ["SIGNALBOX_LISTEN": "0.0.0.0:80"]
    #expect(try parse([]).text("listen") == "127.0.0.1:7446")
    #expect(try parse([], environment).text("listen") == "0.0.0.0:80")
    #expect(try parse(["--listen", "[::1]:1"], environment).text("listen") == "[::1]:1")
    #expect(try parse(["--listen=[::1]:1"], environment).text("listen") == "[::1]:1")
  }

  @Test func repeatedOptionsKeepTheirOrder() throws {
    #expect(try parse(["--tag", "a=1", "--tag=b=2"]).all("tag") == ["a=1", "b=2"])
    #expect(try parse([], ["SIGNALBOX_TAGS": "a=1,b=2"]).all("tag") == ["a=1", "b=2"])
    #expect(throws: UsageError("--limit was given twice")) { try parse(["--limit", "1", "--limit", "2"]) }
  }

  @Test func flagsComeFromBothSides() throws {
    #expect(try parse(["--json"]).has("json"))
    #expect(try parse([], ["SIGNALBOX_JSON": "1"]).has("json"))
    #expect(try !parse([], ["SIGNALBOX_JSON": "off"]).has("json"))
    #expect(throws: UsageError("SIGNALBOX_JSON takes 1 or 0, not 'perhaps'")) {
      try parse([], ["SIGNALBOX_JSON": "perhaps"])
    }
    #expect(throws: UsageError("--json takes no value")) { try parse(["--json=yes"]) }
  }

  @Test func anUnknownOptionNamesTheNearest() {
    #expect(throws: UsageError("signalbox probe has no option --lisen; did you mean --listen?")) {
      try parse(["--lisen", "x"])
    }
    #expect(throws: UsageError("signalbox probe has no option --frobnicate")) {
      try parse(["--frobnicate"])
    }
  }

  @Test func missingValuesAndTooManyOperandsAreSaid() throws {
    #expect(throws: UsageError("--limit needs a value: --limit N")) { try parse(["--limit"]) }
    #expect(throws: UsageError("signalbox probe does not know what to do with 'two'")) {
      try parse(["one", "two"])
    }
    #expect(try parse(["one"]).operands == ["one"])
    #expect(try parse(["--", "--json"]).operands == ["--json"])
  }

  @Test func numbersAreChecked() throws {
    #expect(try parse(["--limit", "7"]).integer("limit", in: 1...9) == 7)
    #expect(try parse([]).integer("limit", in: 1...9) == nil)
    #expect(throws: UsageError("--limit takes a whole number from 1 to 9, not '0'")) {
      try parse(["--limit", "0"]).integer("limit", in: 1...9)
    }
    #expect(throws: UsageError("--limit takes a number from 0.5 up, not 'x'")) {
      try parse(["--limit", "x"]).number("limit", atLeast: 0.5)
    }
  }

  @Test func somebodyElsesCommandLineIsLeftAlone() throws {
    let spec = CommandSpec(
      name: "run", summary: "Run", operands: "-- COMMAND", operandCount: 1...Int.max, passesRest: true,
      options: [.flag("quiet", "Say nothing")])
    let words = ["--quiet", "--", "python", "-c", "print(1)", "--help"]
    let arguments = try spec.parse(words, environment: { _ in nil })
    #expect(arguments.has("quiet"))
    #expect(arguments.operands == ["python", "-c", "print(1)", "--help"])
    let bare = try spec.parse(["python", "--quiet"], environment: { _ in nil })
    #expect(bare.operands == ["python", "--quiet"])
  }

  @Test func helpIsMadeOfTheSameData() {
    let page = Help.page(spec)
    #expect(page.contains("Usage: signalbox probe [OPTIONS] [NAME]"))
    #expect(page.contains("--listen HOST:PORT  Where [default 127.0.0.1:7446; SIGNALBOX_LISTEN]"))
    #expect(page.contains("signalbox probe --json\n      Prints JSON."))
  }

  @Test(arguments: [("tial", "tail"), ("trace", "traces"), ("sreve", "serve"), ("docter", "doctor")])
  func slipsFindTheirWord(word: String, meant: String) {
    #expect(Nearest.of(word, in: ["serve", "tail", "traces", "doctor", "demo"]) == meant)
  }

  @Test func everyCommandExplainsItselfWithExamplesThatParse() throws {
    for command in Program.commands {
      let spec = command.spec
      #expect(!spec.summary.isEmpty && !spec.summary.hasSuffix("."))
      for example in spec.examples where !example.line.contains("|") && !example.line.contains("'") {
        var words = example.line.split(separator: " ").map(String.init)
        #expect(words.removeFirst() == "signalbox")
        #expect(words.removeFirst() == spec.name)
        _ = try spec.parse(words, environment: { _ in nil })
      }
    }
  }
}

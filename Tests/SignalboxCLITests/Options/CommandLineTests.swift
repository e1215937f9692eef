import Testing

@testable import SignalboxCLI

/// Command lines and variables that nobody would write, but that somebody may: none of them stops the program otherwise
/// than with a word.
@Suite struct CommandLineTests {
  private static let values = [
    "", "-1", "0", "1", "99999999999999999999", "1e400", "nan", "inf", "\u{0}", "é\u{301}", "a=b", "=",
    "openai=",
    "=http://x", "openai=http://a b", "openai=ftp://x", "openai=http://127.0.0.1:1/v1", "127.0.0.1:99999",
    "[::1]:0",
    ":", "/nowhere/at/all", "always", "openai=ask,azure=never", String(repeating: "x", count: 10_000),
  ]

  @Test(arguments: Program.commands.map { $0.spec.name }) func nonsenseIsRefusedInWords(name: String) throws {
    let spec = try #require(Program.commands.first { $0.spec.name == name }?.spec)
    var random = Seeded(state: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    for _ in 0..<300 {
      let words = (0..<Int.random(in: 0...6, using: &random)).map { _ in Self.word(spec, &random) }
      let isSet = Bool.random(using: &random)
      let value = Self.values.randomElement(using: &random) ?? ""
      do {
        let arguments = try spec.parse(words) { _ in isSet ? value : nil }
        if spec.name == "serve" { _ = try ServeCommand.configuration(arguments) }
      } catch let error as UsageError {
        #expect(!error.message.isEmpty, "\(words)")
      } catch let failure as Failure {
        #expect(!failure.message.isEmpty, "\(words)")
      }
    }
  }

  private static func word(_ spec: CommandSpec, _ random: inout some RandomNumberGenerator) -> String {
    let name = spec.options.randomElement(using: &random)?.name ?? "none"
    let value = values.randomElement(using: &random) ?? ""
    return switch Int.random(in: 0...4, using: &random) {
    case 0: "--" + name
    case 1: "--\(name)=\(value)"
    case 2: value
    case 3: "--" + name.dropLast()
    default: ["-", "--", "---", "-\(name)", "--=", "--help=1"].randomElement(using: &random) ?? "--"
    }
  }
}

/// The same numbers in every run (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

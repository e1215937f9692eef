/// What `make bench` was asked for.
public struct Options: Equatable, Sendable {
  public static let usage = """
    make bench [CASE="fanout latency …" | CASE=all] [ARGS="…"]
      --list            the cases, and how each is measured
      --rounds N        rounds a contestant (3)
      --seconds S       of each measurement (2)
      --quick           one round of one second: whether it works, not how fast
      --json FILE       also write the results there
      --docs [FILE]     also put them as a table into a page (docs/performance.md)
      --baseline FILE   what to compare with (Benchmarks/baseline.json)
      --strict          exit with 1 where something got slower
    """

  public var cases: [String] = []
  public var rounds = 3
  public var seconds = 2.0
  public var isQuick = false
  public var isStrict = false
  public var isList = false
  public var isHelp = false
  /// Only the names of the chosen cases: `Benchmarks/run` installs and builds what they need.
  public var isPlan = false
  public var json: String?
  public var docs: String?
  public var baseline = "Benchmarks/baseline.json"

  public init() {}

  public init(_ arguments: [String]) throws(OptionError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--list": isList = true
      case "--help", "-h": isHelp = true
      case "--plan": isPlan = true
      case "--strict": isStrict = true
      case "--quick": (isQuick, rounds, seconds) = (true, 1, 1)
      case "--rounds":
        guard let count = rest.popFirst().flatMap({ Int($0) }), (1...1000).contains(count) else {
          throw OptionError("--rounds needs a number from 1 to 1000")
        }
        rounds = count
      case "--seconds":
        guard let time = rest.popFirst().flatMap({ Double($0) }), time >= 0.2, time <= 600 else {
          throw OptionError("--seconds needs a number from 0.2 to 600")
        }
        seconds = time
      case "--json": json = try Self.file(&rest, argument)
      case "--baseline": baseline = try Self.file(&rest, argument)
      case "--docs":
        docs = rest.first.map { $0.hasSuffix(".md") } == true ? rest.removeFirst() : "docs/performance.md"
      default:
        guard !argument.hasPrefix("-") else { throw OptionError("there is no \(argument): see --help") }
        cases += argument.split(separator: ",").map(String.init)
      }
    }
  }

  private static func file(_ rest: inout ArraySlice<String>, _ option: String) throws(OptionError) -> String {
    guard let file = rest.popFirst(), !file.isEmpty else { throw OptionError("\(option) needs a file") }
    return file
  }
}

/// An argument that cannot be understood, in words that name it.
public struct OptionError: Error, CustomStringConvertible, Equatable {
  public var description: String
  public init(_ description: String) { self.description = description }
}

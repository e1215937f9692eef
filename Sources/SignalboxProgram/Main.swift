import SignalboxCLI

/// The program `signalbox`. All of it is in a library, because tests and fuzzers read its command line too.
@main
struct Main {
  static func main() async { await Program.main() }
}

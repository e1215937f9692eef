#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command line: `--port`, `--data`, `--provider URL`, `--model NAME`; a real provider's key comes from
/// `OPENAI_API_KEY`.
struct Options: Sendable {
  var port = 8000
  var data = "patient-chat-data"
  var provider: String?
  var model = "gpt-4o"
  var key: String? { getenv("OPENAI_API_KEY").map { String(cString: $0) } }

  init(_ words: some Sequence<String>) {
    var words = words.makeIterator()
    while let word = words.next() {
      guard let value = words.next() else { Self.complain("\(word) needs a value") }
      switch word {
      case "--port":
        guard let number = UInt16(value) else { Self.complain("--port takes a number up to 65535") }
        port = Int(number)
      case "--data": data = value
      case "--provider": provider = value
      case "--model": model = value
      default: Self.complain("there is no option \(word): --port, --data, --provider, --model")
      }
    }
  }

  private static func complain(_ message: String) -> Never {
    var text = "PatientChat: \(message)\n"
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}

/// Shows what was printed even where the output is a pipe.
func flushOutput() { fflush(nil) }

import BenchCore
import Wire

/// What redaction costs: `swift run -c release RedactBench [MB]`. Prints megabytes a second on one core.
@main
struct RedactBench {
  static func main() {
    let megabytes = CommandLine.arguments.dropFirst().compactMap { Int($0) }.first ?? 64
    let prose =
      "The patient came in on Monday, complained of a headache and was sent home (2 tablets, 3 days). "
    let code =
      "for (int i = 0; i < 1024; i++) { sum += table[i].value * 0x1f; } // see https://example.com/a?b=c "
    let secrets =
      "Write to jane.doe@example.com or call +49 30 1234567; card 4111 1111 1111 1111, sk-abcdefghij0123456789. "
    for (name, line) in [("prose", prose), ("code", code), ("secrets", secrets)] {
      measure(name, line, megabytes: megabytes)
      measureStream(name, line, megabytes: max(1, megabytes / 8))
    }
  }

  private static func measure(_ name: String, _ line: String, megabytes: Int) {
    let block = SharedBytes(String(repeating: line, count: (1 << 20) / line.utf8.count).utf8)
    let set = RedactionSet()
    var out = ByteWriter(capacity: 2 << 20)
    var counts = RedactionCounts()
    let clock = ContinuousClock()
    let duration = clock.measure {
      for _ in 0..<megabytes {
        out.truncate(to: 0)
        set.redact(block.raw, into: &out, counts: &counts)
      }
    }
    report("\(name), whole", block.count * megabytes, duration)
  }

  /// In deltas of four bytes, about what a token has.
  private static func measureStream(_ name: String, _ line: String, megabytes: Int) {
    let block = SharedBytes(String(repeating: line, count: (1 << 20) / line.utf8.count).utf8)
    let set = RedactionSet()
    var out = ByteWriter(capacity: 2 << 20)
    var counts = RedactionCounts()
    let clock = ContinuousClock()
    let duration = clock.measure {
      for _ in 0..<megabytes {
        out.truncate(to: 0)
        var redactor = StreamRedactor()
        var at = 0
        while at < block.count {
          let end = min(block.count, at + 4)
          redactor.feed(block[at..<end], with: set, into: &out, counts: &counts)
          at = end
        }
      }
    }
    report("\(name), deltas of 4 bytes", block.count * megabytes, duration)
  }

  private static func report(_ name: String, _ bytes: Int, _ duration: Duration) {
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    print("\(name): \(Int(Double(bytes) / 1e6 / seconds)) MB/s")
    printFigure(name, Double(bytes) / 1e6 / seconds, "MB/s")
  }
}

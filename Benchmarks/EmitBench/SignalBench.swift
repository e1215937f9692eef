import BenchCore
import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What sending a signal costs its sender, and until all of its receivers had it.
struct SignalBench {
  static func run(notes: Int, receivers: Int = 10) async {
    var configuration = Signals.Configuration()
    configuration.capacity = 100_000
    let signals = Signals(configuration)
    for _ in 0..<receivers { signals.streamChunk.connect { _ in } }
    let note = StreamChunkNote(identity: "bench.chat.triage", correlationID: "c1", delta: "token", index: 0)
    // The queue has a bound: a part of it is sent, then all of it is waited for.
    let part = 1000
    var (caller, whole) = (0.0, 0.0)
    for _ in 0..<max(1, notes / part) {
      let wall = seconds(CLOCK_MONOTONIC)
      let start = seconds(CLOCK_THREAD_CPUTIME_ID)
      for _ in 0..<part { signals.streamChunk.send(note) }
      caller += seconds(CLOCK_THREAD_CPUTIME_ID) - start
      await signals.drained()
      whole += seconds(CLOCK_MONOTONIC) - wall
    }
    let sent = Double(max(1, notes / part) * part)
    let counts = signals.counts
    print(
      "signal with \(receivers) receivers: \(Int(caller / sent * 1e9)) ns CPU on the sender,",
      "\(Int(whole / sent * 1e9)) ns until all had it, \(counts.delivered) delivered, \(counts.dropped) dropped"
    )
    printFigure("signal with \(receivers) receivers", caller / sent * 1e9, "ns")
    printFigure("signal with \(receivers) receivers, until all have it", whole / sent * 1e9, "ns")
  }
}

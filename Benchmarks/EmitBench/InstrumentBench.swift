import BenchCore
import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a line of instrumentation costs beyond the two events that it emits: medians of rounds that fit into the buffer.
struct InstrumentBench {
  private static let rounds = 9
  private static let capacity = 100_000

  private let emitter: Emitter

  static func run(calls: Int) async {
    var configuration = Emitter.Configuration()
    configuration.capacity = capacity
    configuration.capacityBytes = 8 << 30
    let bench = InstrumentBench(emitter: Emitter([Discard()], configuration: configuration))
    await Context.with {
      $0.session = "bench"
    } run: {
      await bench.run(calls: min(calls, capacity / 3))
    }
    await bench.emitter.shutDown(within: .seconds(60))
  }

  private func run(calls: Int) async {
    var (events, instrumented, spans): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<Self.rounds {
      let emits = await time(calls) { n in
        emitter.emit("step.start", ["name": "InstrumentBench.work", "input": .int(Int64(n))])
        emitter.emit(
          "step.end", ["name": "InstrumentBench.work", "output": 7, "timing": ["duration_ms": 0.5]])
      }
      events.append(emits)
      instrumented.append(await time(calls) { n in _ = await work(n) } - emits)
      spans.append(
        await time(calls) { n in
          await emitter.withSpan(
            "bench", "work", input: .int(Int64(n)), provider: "openai", model: "gpt-4o-mini"
          ) { _ in }
        })
    }
    guard let events = Spread(events)?.median, let beyond = Spread(instrumented)?.median,
      let span = Spread(spans)?.median
    else { return }
    print(
      "instrument(self, input: n): \(Int(beyond)) ns CPU on the caller beyond its two events, which cost",
      "\(Int(events)) ns")
    printFigure("instrumented call, beyond its events", beyond, "ns")
    print("withSpan, three attributes: \(Int(span)) ns CPU on the caller")
    printFigure("withSpan with three attributes", span, "ns")
  }

  private func work(_ n: Int) async -> Int {
    await instrument(self, input: n, emitter: emitter) { 7 }
  }

  /// Nanoseconds of CPU a call; what it emits has left before the next is timed.
  private func time(_ calls: Int, _ body: (Int) async -> Void) async -> Double {
    let start = seconds(CLOCK_THREAD_CPUTIME_ID)
    for n in 0..<calls { await body(n) }
    let took = seconds(CLOCK_THREAD_CPUTIME_ID) - start
    await emitter.flush(within: .seconds(60))
    return took / Double(calls) * 1e9
  }
}

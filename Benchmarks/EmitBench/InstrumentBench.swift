import BenchCore
import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a line of instrumentation costs beyond the two events that it emits.
struct InstrumentBench {
  static func run(calls: Int) async {
    var configuration = Emitter.Configuration()
    configuration.capacity = 100_000
    configuration.capacityBytes = 8 << 30
    let emitter = Emitter([Discard()], configuration: configuration)
    let owner = InstrumentBench()
    await Context.with {
      $0.session = "bench"
    } run: {
      let emits = time(calls) { n in
        emitter.emit("step.start", ["name": "InstrumentBench.work", "input": .int(Int64(n))])
        emitter.emit(
          "step.end", ["name": "InstrumentBench.work", "output": 7, "timing": ["duration_ms": 0.5]])
      }
      let start = seconds(CLOCK_THREAD_CPUTIME_ID)
      for n in 0..<calls { _ = await owner.work(n, emitter) }
      let instrumented = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / Double(calls)
      print(
        "instrument(self, input: n): \(Int(instrumented * 1e9)) ns CPU on the caller, of which its two events",
        "\(Int(emits * 1e9)) ns; beyond: \(Int((instrumented - emits) * 1e9)) ns")
      printFigure("instrumented call, beyond its events", (instrumented - emits) * 1e9, "ns")
      let began = seconds(CLOCK_THREAD_CPUTIME_ID)
      for n in 0..<calls {
        await emitter.withSpan(
          "bench", "work", input: .int(Int64(n)), provider: "openai", model: "gpt-4o-mini"
        ) { _ in }
      }
      let span = (seconds(CLOCK_THREAD_CPUTIME_ID) - began) / Double(calls)
      print("withSpan, three attributes: \(Int(span * 1e9)) ns CPU on the caller")
      printFigure("withSpan with three attributes", span * 1e9, "ns")
    }
    await emitter.shutDown(within: .seconds(60))
  }

  private func work(_ n: Int, _ emitter: Emitter) async -> Int {
    await instrument(self, input: n, emitter: emitter) { 7 }
  }

  private static func time(_ calls: Int, _ body: (Int) -> Void) -> Double {
    let start = seconds(CLOCK_THREAD_CPUTIME_ID)
    for n in 0..<calls { body(n) }
    return (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / Double(calls)
  }
}

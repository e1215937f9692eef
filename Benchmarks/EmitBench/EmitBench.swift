import BenchCore
import CAllocations
import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What `emit` costs its caller: `swift run -c release EmitBench [tasks] [events a task]`.
@main
struct EmitBench {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let tasks = arguments.first ?? 8
    let events = arguments.dropFirst().first ?? 1_000_000
    for (name, body) in cases where tasks > 0 {
      // With a buffer that holds all, and with the default one, which overflows.
      for capacity in [100_000, 1000] {
        var configuration = Emitter.Configuration()
        configuration.capacity = capacity
        configuration.capacityBytes = 8 << 30
        let emitter = Emitter([Discard()], configuration: configuration)
        await measure(
          "\(name), buffer of \(capacity)", emitter, tasks: tasks, events: events, body)
        await emitter.shutDown(within: .seconds(60))
      }
    }
    await InstrumentBench.run(calls: max(1000, events / 10))
    await SignalBench.run(notes: max(1000, events / 10))
    AllocationBench.run()
  }

  typealias Body = @Sendable (Emitter, ActiveSpan, Int) -> Void

  /// What the harness reports: `emit` as applications call it.
  static let reported = "emit(\"cache.hit\", [\"bytes\": n]), buffer of 100000"

  static let cases: [(String, Body)] = [
    (
      "emit(\"cache.hit\", [\"bytes\": n])",
      { emitter, _, n in emitter.emit("cache.hit", ["bytes": .int(Int64(n))]) }
    ),
    ("span.delta(\"token\")", { _, span, _ in span.delta("token") }),
  ]

  static func measure(
    _ name: String, _ emitter: Emitter, tasks: Int, events: Int, _ body: @escaping Body
  ) async {
    let start = seconds(CLOCK_MONOTONIC)
    let (cpu, allocations) = await withTaskGroup(of: (Double, UInt).self) { group in
      for _ in 0..<tasks {
        group.addTask {
          await emitter.withSpan("bench", "task") { span in
            // No suspension in between, so the thread's time is the task's.
            let allocated = sb_allocations()
            let start = seconds(CLOCK_THREAD_CPUTIME_ID)
            for n in 0..<events { body(emitter, span, n) }
            return (seconds(CLOCK_THREAD_CPUTIME_ID) - start, sb_allocations() - allocated)
          }
        }
      }
      return await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
    }
    let elapsed = seconds(CLOCK_MONOTONIC) - start
    let count = Double(tasks * events)
    let ledger = emitter.ledger
    print(
      "\(name): \(Int(cpu / count * 1e9)) ns CPU on the caller, \(Int(count / elapsed)) events/s,",
      "\(ledger.dropped) dropped, ledger balances: \(ledger.balances)")
    guard name == reported else { return }
    printFigure("emit, \(tasks) tasks", cpu / count * 1e9, "ns")
    printFigure("emit: allocations", Double(allocations) / count, "an event")
  }
}

/// Accepts everything at once, so that only the way to it is measured.
struct Discard: Exporter {
  let name = "discard"
  func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] { [] }
}

func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

import BenchCore
import Signalbox
import SignalboxLLM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a pipeline costs the stream that passes it: `swift run -c release StreamBench [events]`.
///
/// Prints events a second of processor time, then the time that one event takes through a chain of five stages.
@main
struct StreamBench {
  static func main() async {
    let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2_000_000
    let short = Pipeline {
      Filter(types: "llm.delta", "llm.usage", providers: ["openai"])
      Transform { $0.metadata["user_id"] = "u1" }
    }
    await throughput("filter, transform", count, short)
    let predicate = Pipeline {
      Filter { if case .delta(let delta) = $0 { delta.text.utf8.count > 2 } else { true } }
    }
    await throughput("filter by predicate", count, predicate)
    let waiting = Pipeline {
      Filter(types: "llm.delta")
      Transform { (event: inout StreamEvent) async in event.metadata["user_id"] = "u1" }
    }
    await throughput("filter, asynchronous transform", count, waiting)
    await throughput("filter, correlate, stamp, measure, batch of 100", count, chain())
    await latency("filter, correlate, stamp, measure, batch of 100", count / 4)
  }

  /// The chain of five stages.
  static func chain() -> Pipeline {
    Pipeline {
      Filter(types: "llm.", providers: ["openai"])
      Correlate()
      Stamp()
      Measure()
      Batch(100, within: .milliseconds(500)) { batch in precondition(!batch.isEmpty) }
    }
  }

  static func throughput(_ name: String, _ count: Int, _ pipeline: Pipeline) async {
    let event = delta()
    let start = nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
    for _ in 0..<count { await pipeline.handle(event) }
    await pipeline.finish()
    let used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - start
    print(
      "\(name): \(count * 1_000_000_000 / Int(used)) events/s, \(Int(used) / count) ns an event,",
      "\(pipeline.counts.passed) passed")
    printFigure(name, Double(count) * 1e9 / Double(used), "events/s")
  }

  static func latency(_ name: String, _ count: Int) async {
    let pipeline = chain()
    let event = delta()
    var times: [UInt64] = []
    times.reserveCapacity(count)
    for _ in 0..<count {
      let start = nanoseconds(CLOCK_MONOTONIC)
      await pipeline.handle(event)
      times.append(nanoseconds(CLOCK_MONOTONIC) - start)
    }
    await pipeline.finish()
    times.sort()
    func quantile(_ share: Double) -> Double {
      Double(times[min(times.count - 1, Int(share * Double(times.count)))]) / 1000
    }
    print(
      "\(name): p50 \(quantile(0.5)) µs, p99 \(quantile(0.99)) µs, p99.9 \(quantile(0.999)) µs,",
      "longest \(quantile(1)) µs")
    printFigure("chain of five adds, p99.9", quantile(0.999), "µs")
  }

  static func delta() -> StreamEvent {
    let info = StreamInfo(
      provider: "openai", model: "gpt-4o-2024-08-06", requestID: "0198c5f0-7a51-7c3e-9b44-3f0a1d2c5e6f",
      streamID: "00f067aa0ba902b7", timestamp: 1_795_253_400)
    return .delta(StreamDelta(info: info, text: " morning", chunkIndex: 7))
  }
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

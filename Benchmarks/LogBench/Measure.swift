import Signalbox
import SignalboxLog
import Synchronization
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Durations that were measured, and their percentiles.
struct Samples {
  private var values: [UInt64] = []

  mutating func add(_ nanoseconds: UInt64) { values.append(nanoseconds) }

  /// In microseconds: median, 99th percentile and worst.
  func summary() -> String {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return "-" }
    func at(_ share: Double) -> Int {
      Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / 1000)
    }
    return "p50 \(at(0.5)) µs   p99 \(at(0.99)) µs   worst \(at(1)) µs   (\(sorted.count))"
  }
}

/// CPU time of the process so far, seconds.
func cpuSeconds() -> Double {
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func seconds(since start: UInt64) -> Double { Double(SystemTime.monotonic - start) / 1e9 }

extension Double {
  /// With that many decimals.
  func rounded(_ digits: Int) -> String {
    guard isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return digits == 0 ? String(Int(self.rounded())) : String((self * scale).rounded() / scale)
  }
}

/// Submits batches one after the other, waiting while the queue is full, and for the last commit.
final class Feeder: Sendable {
  let log: EventLog
  private let done = Atomic<Int>(0)
  let failed = Atomic<Int>(0)

  init(_ log: EventLog) { self.log = log }

  func submit(_ batch: EventBatch) {
    while log.submit(
      batch,
      completion: { result in
        if result.failure != nil { self.failed.add(1, ordering: .relaxed) }
        self.done.add(1, ordering: .releasing)
      }) != .accepted
    { usleep(200) }
  }

  /// Until as many batches were answered.
  func wait(for count: Int) {
    while done.load(ordering: .acquiring) < count { usleep(100) }
  }
}

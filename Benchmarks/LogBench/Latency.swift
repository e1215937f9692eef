import Signalbox
import SignalboxLog
import Synchronization
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How long a batch takes from submit to acknowledgement at 20 000 events a second, with merging and checkpoints
/// running beside it.
func measureLatency(seconds total: Int) throws {
  for size in [1, 20, 200] {
    try withLog { log in
      var workload = Workload()
      let samples = Mutex(Samples())
      let feeder = Feeder(log)
      let interval = UInt64(size) * 1_000_000_000 / 20_000
      var due = SystemTime.monotonic
      let count = total * 20_000 / size
      for _ in 0..<count {
        let batch = workload.batch(size)
        while SystemTime.monotonic < due {
          let left = due - min(due, SystemTime.monotonic)
          if left > 100_000 { usleep(50) }
        }
        due += interval
        let submitted = SystemTime.monotonic
        _ = log.submit(batch) { _ in
          let duration = SystemTime.monotonic - submitted
          samples.withLock { $0.add(duration) }
        }
      }
      feeder.wait(for: 0)
      log.runUpkeep()
      let metrics = log.metrics
      print(
        "20 000 events/s in batches of \(size), submit to acknowledged: \(samples.withLock { $0.summary() })")
      print(
        "  commits \(metrics.commits), longest \(metrics.commitLatency.longest / 1000) µs, "
          + "sealed \(metrics.sealedSegments), checkpoints \(metrics.checkpoints), "
          + "wal \(metrics.walBytes >> 20) MiB")
    }
  }
}

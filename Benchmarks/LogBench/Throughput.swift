import BenchCore
import Signalbox
import SignalboxLog
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs `body` with a log in a folder of its own, removed afterwards.
func withLog(_ durability: Durability = .normal, _ body: (EventLog) throws -> Void) throws {
  var template = Array("/var/tmp/signalbox-bench-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw BenchError("no temporary folder") }
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { removeFolder(folder) }
  var options = LogOptions(directory: folder)
  options.durability = durability
  options.notice = { print("  notice: \($0.message)") }
  let log = try EventLog.open(options)
  defer { log.close() }
  try body(log)
}

func removeFolder(_ folder: String) {
  for name in ["signalbox.db", "signalbox.db-wal", "signalbox.db-shm", "reserve", "lock"] {
    unlink(folder + "/" + name)
  }
  rmdir(folder)
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Durable events a second, by batch size, from one submitting thread.
func measureThroughput(events: Int) throws {
  for durability in Durability.allCases {
    for size in [16, 256, 500, 2048] {
      let count = min(events, size == 16 ? 300_000 : events) / size
      var workload = Workload()
      let batches = (0..<count).map { _ in workload.batch(size) }
      let bytes = batches.reduce(0) { $0 + $1.bytes.count }
      try withLog(durability) { log in
        let feeder = Feeder(log)
        let (start, cpu) = (SystemTime.monotonic, cpuSeconds())
        for batch in batches { feeder.submit(batch) }
        feeder.wait(for: count)
        let (wall, used) = (seconds(since: start), cpuSeconds() - cpu)
        let total = Double(count * size)
        let metrics = log.metrics
        print(
          "\(durability) batches of \(size): \((total / wall).rounded(0)) events/s"
            + "  \((total / used).rounded(0)) a CPU-second, merging included"
            + "  \((Double(bytes) / total).rounded(0)) bytes in"
            + "  \(count * size / Int(metrics.commits)) a commit, unsealed \(metrics.unsealedEvents)")
        printFigure("log, \(durability), batches of \(size)", total / wall, "events/s")
        printFigure("log, \(durability), batches of \(size): CPU", used * 1e6 / total, "µs an event")
      }
    }
  }
}

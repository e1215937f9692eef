import Signalbox
import SignalboxLog
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Fills a log and measures what readers ask for: a trace, a session's last events, a page, a list of traces.
func measureHistory(events: Int, folder: String?) throws {
  if let folder {
    let start = SystemTime.monotonic
    let log = try EventLog.open(LogOptions(directory: folder))
    print("opened in \((seconds(since: start) * 1000).rounded(1)) ms")
    if log.tip < UInt64(events) { fill(log, events: events - Int(log.tip)) }
    try readHistory(log)
    log.close()
  } else {
    try withLog { log in
      fill(log, events: events)
      try readHistory(log)
    }
  }
}

private func fill(_ log: EventLog, events: Int) {
  var workload = Workload()
  let feeder = Feeder(log)
  let start = SystemTime.monotonic
  let count = events / 500
  var bytes = 0
  for _ in 0..<count {
    let batch = workload.batch(500)
    bytes += batch.bytes.count
    feeder.submit(batch)
  }
  feeder.wait(for: count)
  let filled = seconds(since: start)
  log.runUpkeep()
  let metrics = log.metrics
  print(
    "filled \(count * 500) events in \(filled.rounded(1)) s, merged after \(seconds(since: start).rounded(1)) s: "
      + "\((Double(bytes) / Double(count * 500)).rounded(0)) bytes in, "
      + "\((Double(metrics.databaseBytes) / Double(count * 500)).rounded(1)) on disk an event")
}

private func readHistory(_ log: EventLog) throws {
  let reader = try log.makeReader()
  let traces = max(Int(log.tip) / (Workload.deltas + 2) / Workload.spansPerTrace - 20, 1)
  var random = SplitMix(state: 7)
  func measure(_ name: String, _ times: Int, _ body: (Int) throws -> Int) throws {
    var samples = Samples()
    var found = 0
    let cpu = cpuSeconds()
    for _ in 0..<times {
      let pick = Int(random.next() % UInt64(traces))
      let start = SystemTime.monotonic
      found += try body(pick)
      samples.add(SystemTime.monotonic - start)
    }
    let used = (cpuSeconds() - cpu) / Double(times) * 1e6
    print("\(name): \(samples.summary()), \(found / times) each, \(used.rounded(0)) µs of CPU")
  }
  for round in ["first", "warm"] {
    print(round)
    try measure("  a trace", 1000) { try reader.traceEvents(Workload.trace($0)).count }
    try measure("  last 100 of a session", 1000) {
      try reader.lastEvents(session: Workload.session($0), limit: 100).count
    }
    try measure("  1000 from an offset", 1000) {
      try reader.events(after: UInt64($0 * Workload.deltas * Workload.spansPerTrace), limit: 1000).count
    }
    try measure("  50 traces", 1000) { _ in try reader.traces(limit: 50).count }
    try measure("  spans of a trace", 1000) { try reader.spans(trace: Workload.trace($0)).count }
  }
}

import Signalbox
import SignalboxLog
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Stores numbered events until the process is killed, and prints the number of the last one that was
/// acknowledged, a line a commit. Starts where the log in the folder ends.
func writeUntilKilled(folder: String) throws {
  var options = LogOptions(directory: folder)
  options.reserveBytes = 0
  // Small, so that merging, trimming of the tail and checkpoints are under way when the end comes.
  options.segmentEvents = 256
  let log = try EventLog.open(options)
  var next = Int(log.tip)
  print("ready \(next)")
  while true {
    let count = 1 + next % 37
    let last = next + count - 1
    var builder = EventBatchBuilder(capacity: count * 200, events: count)
    let now = Timestamp.now()
    for number in next...last {
      builder.begin()
      builder.string(.id, "n-\(number)")
      builder.string(.type, "llm.delta")
      builder.phase(.delta)
      builder.time(now)
      builder.received(now)
      builder.string(.span, Workload.id(number % 16, digits: 16))
      builder.index(Int64(number / 16))
      builder.end()
    }
    let batch = builder.finish()
    while log.submit(
      batch,
      completion: { result in
        guard result.failure == nil else { return }
        var line = ByteWriter(capacity: 24)
        line.append(utf8: "stored \(last)\n")
        _ = write(1, line.raw.baseAddress, line.count)
      }) != .accepted
    { usleep(100) }
    next = last + 1
  }
}

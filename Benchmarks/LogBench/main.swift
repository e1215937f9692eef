// Measures the log: `LogBench throughput|latency|history|all [events] [folder]`.
// `LogBench write <folder>` is what the crash test kills: it stores without end and says what was acknowledged.
import Signalbox
import SignalboxLog
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let arguments = CommandLine.arguments
let command = arguments.count > 1 ? arguments[1] : "all"
let events = arguments.count > 2 ? Int(arguments[2]) : nil

switch command {
case "throughput": try measureThroughput(events: events ?? 2_000_000)
case "latency": try measureLatency(seconds: events ?? 20)
case "history":
  try measureHistory(events: events ?? 10_000_000, folder: arguments.count > 3 ? arguments[3] : nil)
case "write": try writeUntilKilled(folder: arguments[2])
case "all":
  try measureThroughput(events: 2_000_000)
  try measureLatency(seconds: 20)
  try measureHistory(events: 10_000_000, folder: nil)
default:
  print("LogBench throughput [events] | latency [seconds] | history [events] [folder] | all")
  exit(2)
}

import BenchCore
import CAllocations
import JSONScan
import SignalboxLLM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What it takes to read replies, from bytes to what they say: `swift run -c release DecodeBench [deltas] [format…]`.
///
/// Every format is read three ways: with many events in a read, with one event a read, and with shapes that change
/// from event to event, so that each is parsed.
@main
struct DecodeBench {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    let deltas = arguments.compactMap { Int($0) }.first ?? 2_000_000
    let formats = arguments.compactMap { ReplyFormat(rawValue: $0) }
    for format in formats.isEmpty ? ReplyFormat.allCases : formats {
      guard let body = StreamBody(format) else { continue }
      measure("\(format.rawValue), many events a read", body, deltas, readSize: 16 << 10)
      measure("\(format.rawValue), one event a read", body, deltas, readSize: nil)
      measure(
        "\(format.rawValue), every event parsed", StreamBody(format, changes: true)!, deltas,
        readSize: 16 << 10)
    }
  }

  /// Reads replies of 2000 deltas until there were `deltas` of them.
  static func measure(_ name: String, _ body: StreamBody, _ deltas: Int, readSize: Int?) {
    let reply = 2000
    let reads = body.reads(deltas: reply, size: readSize)
    let parser = JSONParser()
    _ = read(reads, body.format, parser)
    let replies = max(1, deltas / reply)
    let allocationsBefore = sb_allocations()
    let start = seconds()
    for _ in 0..<replies {
      let found = read(reads, body.format, parser)
      precondition(found == reply, "\(name): \(found) of \(reply) deltas")
    }
    let elapsed = seconds() - start
    let count = Double(replies * reply)
    let allocated = Double(sb_allocations() - allocationsBefore) / count
    print(
      "\(name): \(Int(count / elapsed)) deltas/s, \(Int(elapsed / count * 1e9)) ns a delta,",
      "\((allocated * 1000).rounded() / 1000) allocations a delta")
    printFigure(name, count / elapsed, "deltas/s")
    printFigure("\(name): allocations", allocated, "a delta")
  }

  /// How many deltas there are in a reply that must be complete.
  static func read(_ reads: [[UInt8]], _ format: ReplyFormat, _ parser: JSONParser) -> Int {
    let decoder = ReplyDecoder(format, parser: parser)
    decoder.respond(status: 200, contentEncoding: nil)
    var pieces = 0
    let note: (ReplyItem) -> Void = { if case .piece = $0 { pieces += 1 } }
    for bytes in reads { bytes.withUnsafeBytes { decoder.receive($0, note) } }
    precondition(decoder.finish(note) == nil, "the reply is not complete")
    return pieces
  }

  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

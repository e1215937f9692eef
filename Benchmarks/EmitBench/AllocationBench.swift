import BenchCore
import CAllocations
import Signalbox
import Wire

/// How often the paths of an event ask for memory; the buffers they write to are there before.
struct AllocationBench {
  static func run(events: Int = 10_000) {
    let event = Event("cache.hit", ["bytes": 1024, "hit": true])
    var writer = ByteWriter(capacity: 4096)
    count("encode", "an event", events) {
      writer.truncate(to: 0)
      event.write(to: &writer)
    }
    let text = Array(event.json.utf8)
    count("frame", "a frame", events) {
      writer.truncate(to: 0)
      text.withUnsafeBytes { writer.append(webSocket: .text, $0) }
    }
  }

  private static func count(_ name: String, _ per: String, _ times: Int, _ body: () -> Void) {
    body()
    let before = sb_allocations()
    for _ in 0..<times { body() }
    let each = Double(sb_allocations() - before) / Double(times)
    print("\(name): \(each) allocations \(per)")
    printFigure("\(name): allocations", each, per)
  }
}

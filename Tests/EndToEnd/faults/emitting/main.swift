// An application for the tests of faults: emits numbered events to a server at an even pace, in spans of a hundred, and
// says at the end what became of them, the emitter's ledger as a line of JSON.
//
//   FaultsEmitter URL EVENTS
import Fetch
import Signalbox

let arguments = CommandLine.arguments
guard arguments.count == 3, let events = Int(arguments[2]) else {
  fatalError("FaultsEmitter URL EVENTS")
}
var configuration = HTTPExporter.Configuration()
configuration.url = arguments[1]
let emitter = Emitter([HTTPExporter(configuration)])
var number: Int64 = 0
for _ in 0..<events / 100 {
  try await emitter.withSpan(.step, "hundred") { span in
    for place in 0..<100 {
      span.emit("test.app", ["n": .int(number)])
      number += 1
      if place % 10 == 9 { try await Task.sleep(for: .milliseconds(5)) }
    }
  }
}
let isWhole = await emitter.shutDown(within: .seconds(60))
let ledger = emitter.ledger
let told: JSONValue = [
  "in_time": .bool(isWhole), "emitted": .int(Int64(ledger.emitted)), "sent": .int(Int64(ledger.sent)),
  "dropped": .int(Int64(ledger.dropped)), "buffered": .int(Int64(ledger.buffered)),
]
print(told)

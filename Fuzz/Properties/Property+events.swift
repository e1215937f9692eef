import JSONScan
import SignalboxServer
import Wire

extension Property {
  /// The input is the body of an ingest request: an event, an array of them, or a line each. What is accepted must be
  /// one line of valid JSON whose members are found again where the builder noted them, and must be accepted again when
  /// it comes back.
  static let events = Property("events") { body in
    let decoder = EventDecoder()
    for lines in [false, true] {
      guard let decoded = decode(body, with: decoder, lines: lines) else { continue }
      precondition(decoded.rejections.count <= decoded.rejected, "more is described than was rejected")
      for slot in decoded.batch.slots { inspect(slot, of: decoded.batch, with: decoder) }
    }
  }
}

private func inspect(_ slot: EventSlot, of batch: EventBatch, with decoder: EventDecoder) {
  let event = batch.event(slot)
  precondition(event.allSatisfy { $0 >= 0x20 }, "the event is not one line")
  guard let found = EventScanner.scan(event, start: slot.start) else {
    preconditionFailure("the scanner does not know the event: \(String(decoding: event, as: UTF8.self))")
  }
  for field in EventField.allCases {
    precondition(found[field] == slot[field], "\(field) is noted elsewhere")
  }
  precondition(found.phase == slot.phase && found.index == slot.index && found.count == slot.count)
  precondition(found.time == slot.time && found.received == slot.received && found.seq == slot.seq)
  guard (try? JSONParser().scan(copying: event)) != nil else { preconditionFailure("the event is not JSON") }
  let again = decode(Array(event), with: decoder, lines: false)
  precondition(again?.batch.count == 1, "the event is not accepted again")
}

private func decode(_ text: [UInt8], with decoder: EventDecoder, lines: Bool) -> Decoded? {
  let padded = text + [UInt8](repeating: 0, count: JSONParser.padding)
  return padded.withUnsafeBytes { bytes in
    try? decoder.decode(
      padded: UnsafeRawBufferPointer(rebasing: bytes[..<text.count]),
      received: Timestamp(nanoseconds: 1_795_237_075_000_000_000), lines: lines)
  }
}

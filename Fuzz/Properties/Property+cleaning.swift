import JSONScan
import Signalbox
import SignalboxLog
import Wire

@testable import SignalboxServer

extension Property {
  /// The input is a list of events, two bytes each: deltas, restarts and ends of two spans, in order and out of it, with
  /// pieces of an address as their texts. Whatever comes behind what, the address is never shown whole, and what is stored
  /// instead is events, their deltas numbered without one twice.
  static let cleaning = Property("cleaning") { bytes in
    let policy = ContentPolicy(.redacted)
    let cleaner = ContentCleaner(policy, ledger: RedactionLedger(policy.set), spanLimit: 2)
    cleaner.begin()
    var spans = [Span](repeating: Span(), count: 3)
    for at in stride(from: 0, to: bytes.count - 1, by: 2) {
      let span = Int(bytes[at] >> 4) % spans.count
      spans[span].take(bytes[at] & 0xF, bytes[at + 1], id: "\(span)", cleaner)
    }
    cleaner.rollBack()
  }
}

/// What the log knows of a span, and what it was given of it.
private struct Span {
  private static let address = "jane.doe@example.com "
  private var next: Int64 = 0
  private var hasEnded = false
  private var shown: [String: String] = [:]

  mutating func take(_ deed: UInt8, _ detail: UInt8, id: String, _ cleaner: ContentCleaner) {
    var index: Int64?
    var rest: String
    switch deed {
    case 0: rest = #""phase":"end","data":{}"#
    case 1: rest = #""phase":"error""#
    case 2: rest = #""phase":"restart","data":{"discard_from":\#(detail)}"#
    case 3: rest = #""phase":"restart""#
    default:
      // In order, after a gap, once more, or without a number.
      index = deed < 10 ? next : deed < 12 ? next + 1 : deed < 14 ? max(next - 1, 0) : nil
      let text = Self.address.dropFirst(Int(detail >> 4)).prefix(Int(detail & 0xF))
      let channel = deed == 9 ? "thinking" : "text"
      rest = #""phase":"delta","data":{"channel":"\#(channel)","text":"\#(text)"}"#
      if let index { rest += ",\"index\":\(index)" }
    }
    let json = #"{"type":"t","received":"2026-01-01T00:00:00Z","span":"\#(id)",\#(rest)}"#
    let event = SharedBytes(json.utf8)
    guard let slot = EventScanner.scan(event.raw) else { preconditionFailure("no event: \(json)") }
    let batch = cleaner.clean(slot, of: event.raw, nextIndex: hasEnded ? nil : next)
    store(batch, deed: deed, json)
    if let index { next = max(next, index + 1) }
    if deed < 2 { hasEnded = true }
  }

  private mutating func store(_ batch: EventBatch?, deed: UInt8, _ json: String) {
    guard let batch else { return }
    for slot in batch.slots {
      let bytes = batch.event(slot)
      guard let event = try? JSONValue(parsing: bytes) else { preconditionFailure("no JSON for \(json)") }
      if let channel = event["data"]?["channel"]?.string, let text = event["data"]?["text"]?.string {
        shown[channel, default: ""] += text
        let isShown = shown[channel]?.contains(Self.address.dropLast()) == true
        precondition(!isShown, "the address is shown: \(shown) with \(json)")
      }
      // What was held back follows the last delta.
      guard slot.phase == .delta, deed < 2, slot.index >= 0 else { continue }
      precondition(slot.index == next, "held text at \(slot.index), not \(next), for \(json)")
      next += 1
    }
  }
}

import Foundation
import Signalbox
import Wire

@testable import SignalboxLog

/// A folder for one test, removed with the object.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/signalbox-log-\(UUID().uuidString)"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var options: LogOptions {
    var options = LogOptions(directory: path)
    options.reserveBytes = 1 << 20
    return options
  }
}

/// An event as a test says it.
struct TestEvent: Sendable {
  var id: String?
  var type = "llm.delta"
  var phase: Phase?
  var time: Int64 = 1_795_236_275_000_000_000
  var received: Int64 = 1_795_236_275_000_000_000
  var trace: String?
  var span: String?
  var parent: String?
  var session: String?
  var chain: String?
  var request: String?
  var provider: String?
  var model: String?
  var index: Int64?
  var count: Int64?
  var producer: String?
  var seq: Int64?
  var data: String? = "{\"text\":\"a\"}"
}

/// Batches of events, as ingest would make them.
func makeBatch(_ events: [TestEvent]) -> EventBatch {
  var builder = EventBatchBuilder()
  var ids = UUIDv7Generator()
  for event in events {
    builder.begin()
    if let id = event.id { builder.string(.id, id) } else { builder.mintedID(ids.next(at: .now())) }
    builder.string(.type, event.type)
    if let phase = event.phase { builder.phase(phase) }
    builder.time(Timestamp(nanoseconds: event.time))
    builder.received(Timestamp(nanoseconds: event.received))
    if let value = event.trace { builder.string(.trace, value) }
    if let value = event.span { builder.string(.span, value) }
    if let value = event.parent { builder.string(.parent, value) }
    if let value = event.session { builder.string(.session, value) }
    if let value = event.chain { builder.string(.chain, value) }
    if let value = event.request { builder.string(.request, value) }
    if let value = event.provider { builder.string(.provider, value) }
    if let value = event.model { builder.string(.model, value) }
    if let value = event.index { builder.index(value) }
    if let value = event.count { builder.count(value) }
    if let value = event.producer { builder.string(.producer, value) }
    if let value = event.seq { builder.seq(value) }
    if let data = event.data {
      builder.json(.data) { $0.append(utf8: data) }
    }
    builder.end()
  }
  return builder.finish()
}

extension EventLog {
  /// Submits and waits for the commit; nil when it was not accepted.
  @discardableResult
  func store(_ events: [TestEvent]) async -> SubmitResult? {
    await withCheckedContinuation { continuation in
      let admission = submit(makeBatch(events)) { continuation.resume(returning: $0) }
      if admission != .accepted { continuation.resume(returning: nil) }
    }
  }

  /// Everything a new reader gives, in pages of `limit`.
  func readAll(_ filter: EventFilter = EventFilter(), after: UInt64 = 0, limit: Int = 97) throws
    -> [ReadEvent]
  {
    let reader = try makeReader()
    var result: [ReadEvent] = []
    var at = after
    while true {
      let page = try reader.events(after: at, filter: filter, limit: limit)
      for (offset, slot) in zip(page.offsets, page.batch.slots) {
        result.append(
          ReadEvent(offset: offset, json: String(decoding: page.batch.event(slot), as: UTF8.self)))
      }
      if page.scannedTo + 1 >= tip { return result }
      at = page.scannedTo
    }
  }
}

struct ReadEvent: Equatable {
  let offset: UInt64
  let json: String
}

func spanID(_ number: Int) -> String { String(format: "%016x", number + 1) }
func traceID(_ number: Int) -> String { String(format: "%032x", number + 1) }

/// A stream of `deltas` deltas in its own span.
func stream(_ number: Int, trace: Int = 0, session: String? = nil, deltas: Int) -> [TestEvent] {
  var events: [TestEvent] = []
  let (span, trace) = (spanID(number), traceID(trace))
  events.append(
    TestEvent(
      type: "llm.start", phase: .start, trace: trace, span: span, session: session, provider: "openai",
      model: "m", data: "{\"name\":\"call \(number)\"}"))
  for index in 0..<deltas {
    events.append(
      TestEvent(
        phase: .delta, span: span, index: Int64(index), data: "{\"text\":\"word \(index) of \(number)\"}"))
  }
  events.append(
    TestEvent(
      type: "llm.end", phase: .end, span: span, data: "{\"finish_reason\":\"stop\",\"usage\":{\"total\":7}}"))
  return events
}

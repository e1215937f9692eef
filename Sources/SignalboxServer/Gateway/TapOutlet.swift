internal import SignalboxLLM
internal import SignalboxLog
internal import Wire

/// The gateway's way into the log: gathers what the calls of one loop say in an iteration, and says out loud what
/// the log did not take.
///
/// Confined to its loop, apart from `losses`.
final class TapOutlet {
  private let outlet: any EventOutlet
  private let tools: CallTools
  private var builder = TapOutlet.empty()
  private let losses = Guarded(Losses())
  /// Events handed over so far, the announcements of gaps among them.
  private(set) var submitted = 0

  struct Losses: Sendable {
    /// Ever.
    var total = 0
    /// Not announced yet.
    var events = 0
    var bytes = 0
    var since = Timestamp(nanoseconds: 0)

    mutating func add(_ batch: EventBatch) {
      if events == 0 { since = Timestamp.now() }
      total += batch.count
      events += batch.count
      bytes += batch.bytes.count
    }
  }

  init(outlet: any EventOutlet, tools: CallTools) {
    self.outlet = outlet
    self.tools = tools
  }

  private static func empty() -> EventBatchBuilder { EventBatchBuilder(capacity: 4096, events: 8) }

  /// Room for what a batch like this one holds, and a little more.
  private static func empty(like builder: borrowing EventBatchBuilder) -> EventBatchBuilder {
    EventBatchBuilder(
      capacity: max(4096, builder.byteCount + builder.byteCount / 4), events: max(8, builder.count * 5 / 4))
  }

  /// Lets a call write its events.
  func write(_ body: (inout EventBatchBuilder) -> Void) { body(&builder) }

  var hasEvents: Bool { builder.count > 0 }

  /// Events that the log did not take.
  var lost: Int { losses.with { $0.total } }

  /// Hands over what was written since the last time; the answer is how many events.
  @discardableResult
  func submit() -> Int {
    guard builder.count > 0 else { return 0 }
    let batch = take()
    submitted += batch.count
    let losses = losses
    guard outlet.submit(batch, failed: { losses.with { $0.add(batch) } }) else {
      losses.with { $0.add(batch) }
      return batch.count
    }
    let unsaid = losses.with { losses -> Losses? in
      guard losses.events > 0 else { return nil }
      defer {
        losses.events = 0
        losses.bytes = 0
      }
      return losses
    }
    if let unsaid { announce(unsaid) }
    return batch.count
  }

  private func take() -> EventBatch {
    var full = Self.empty(like: builder)
    swap(&full, &builder)
    return full.finish()
  }

  /// The log takes events again: it is told what it missed. Were the announcement itself refused, it would count
  /// as one lost event, and what it said stays in the metrics.
  private func announce(_ losses: Losses) {
    let now = Timestamp.now()
    builder.begin()
    builder.mintedID(tools.ids.next(at: now))
    let type: StaticString = "signalbox.gap"
    builder.string(
      .type, escaped: UnsafeRawBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount))
    builder.time(now)
    builder.received(now)
    builder.json(.data) { data in
      data.append("{\"dropped\":")
      data.append(decimal: losses.events)
      data.append(",\"bytes\":")
      data.append(decimal: losses.bytes)
      data.append(",\"reason\":\"rejected\",\"since\":\"")
      data.append(rfc3339: losses.since)
      data.append("\"}")
    }
    builder.end()
  }
}

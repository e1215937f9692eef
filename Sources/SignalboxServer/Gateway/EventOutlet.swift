internal import SignalboxLLM
package import Wire

/// Takes events into the log.
package protocol EventOutlet: AnyObject, Sendable {
  /// False when the batch is not taken, because the log is overloaded or its disk is full. Never blocks.
  func submit(_ batch: EventBatch) -> Bool
}

/// The gateway's way into the log: gathers what the calls of one loop say in an iteration, and says out loud what
/// the log did not take.
///
/// Confined to its loop.
final class TapOutlet {
  private let outlet: any EventOutlet
  private let tools: CallTools
  private let metrics: GatewayMetrics
  private var builder = EventBatchBuilder(capacity: 4096, events: 8)
  private var lost = Loss()

  private struct Loss {
    var events = 0
    var bytes = 0
    var since = Timestamp(nanoseconds: 0)
  }

  init(outlet: any EventOutlet, tools: CallTools, metrics: GatewayMetrics) {
    self.outlet = outlet
    self.tools = tools
    self.metrics = metrics
  }

  /// Lets a call write its events.
  func write(_ body: (inout EventBatchBuilder) -> Void) { body(&builder) }

  /// Hands over what was written since the last time.
  func submit() {
    guard builder.count > 0 else { return }
    let announced = lost
    if lost.events > 0 { appendGap() }
    let own = lost.events > 0 ? 1 : 0
    let batch = take()
    if outlet.submit(batch) {
      metrics.eventsRecorded.add(batch.count - own)
      if announced.events > 0 { lost = Loss() }
    } else {
      if lost.events == 0 { lost.since = Timestamp.now() }
      lost.events += batch.count - own
      lost.bytes += batch.bytes.count
      metrics.eventsLost.add(batch.count - own)
    }
  }

  private func take() -> EventBatch {
    var full = EventBatchBuilder(capacity: 4096, events: 8)
    swap(&full, &builder)
    return full.finish()
  }

  private func appendGap() {
    let now = Timestamp.now()
    let lost = lost
    builder.begin()
    builder.mintedID(tools.ids.next(at: now))
    let type: StaticString = "signalbox.gap"
    builder.string(
      .type, escaped: UnsafeRawBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount))
    builder.time(now)
    builder.received(now)
    builder.json(.data) { data in
      data.append("{\"dropped\":")
      data.append(decimal: lost.events)
      data.append(",\"bytes\":")
      data.append(decimal: lost.bytes)
      data.append(",\"reason\":\"rejected\",\"since\":\"")
      data.append(rfc3339: lost.since)
      data.append("\"}")
    }
    builder.end()
  }
}

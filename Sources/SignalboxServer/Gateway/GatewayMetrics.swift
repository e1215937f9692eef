internal import Signalbox

/// What the gateway of one loop has done.
package struct GatewayMetrics: Sendable {
  /// Answers by upstream and by the first digit of their status; 0: no answer came.
  package private(set) var answers: [String: [Int]] = [:]
  /// Requests in progress, those that are read on for their usage among them.
  package internal(set) var active = 0
  /// Calls that are read on although their client went away.
  package internal(set) var drains = 0
  /// Model calls of which the tap could not read everything.
  package internal(set) var tapFailures = 0
  /// Requests that are no model calls, and went through without a tap.
  package internal(set) var untapped = 0
  /// Calls that were asked for their usage.
  package internal(set) var usageAsked = 0
  /// Calls that were ended before their time: cancelled, or by the limit that they exceeded.
  package private(set) var stopped: [String: Int] = [:]
  /// Values of our own headers that meant nothing.
  package internal(set) var ignoredHeaders = 0
  /// Bytes of bodies that were sent on, and that came back.
  package internal(set) var bytesUp = 0
  package internal(set) var bytesDown = 0
  /// Events that were handed to the log, and that it did not take.
  package internal(set) var events = 0
  package internal(set) var eventsLost = 0
  /// Time that the gateway itself added before the first byte of an answer, by bucket.
  package private(set) var added = [UInt64](repeating: 0, count: GatewayMetrics.addedBounds.count + 1)
  /// Nanoseconds.
  package private(set) var addedSum: UInt64 = 0

  /// Upper bounds of the buckets, nanoseconds.
  package static let addedBounds: [UInt64] = [
    25_000, 50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000, 3_200_000, 6_400_000, 12_800_000,
  ]

  package init() {}

  mutating func answered(_ upstream: String, status: Int) {
    let place = 1...5 ~= status / 100 ? status / 100 : 0
    answers[upstream, default: Array(repeating: 0, count: 6)][place] += 1
  }

  mutating func stopped(_ why: Budget.Limit?) { stopped[why?.rawValue ?? "cancelled", default: 0] += 1 }

  mutating func added(nanoseconds: UInt64) {
    added[Self.addedBounds.firstIndex { nanoseconds <= $0 } ?? Self.addedBounds.count] += 1
    addedSum += nanoseconds
  }

  /// The sums of the loops.
  package static func + (a: GatewayMetrics, b: GatewayMetrics) -> GatewayMetrics {
    var sum = a
    sum.answers.merge(b.answers) { left, right in zip(left, right).map(+) }
    sum.active += b.active
    sum.drains += b.drains
    sum.tapFailures += b.tapFailures
    sum.untapped += b.untapped
    sum.usageAsked += b.usageAsked
    sum.stopped.merge(b.stopped, uniquingKeysWith: +)
    sum.ignoredHeaders += b.ignoredHeaders
    sum.bytesUp += b.bytesUp
    sum.bytesDown += b.bytesDown
    sum.events += b.events
    sum.eventsLost += b.eventsLost
    sum.added = zip(a.added, b.added).map(+)
    sum.addedSum += b.addedSum
    return sum
  }

  func write(to out: inout PrometheusWriter) {
    out.family("signalbox_gateway_answers_total", .counter, "Answers of upstreams; status none: none came.")
    for (upstream, counts) in answers.sorted(by: { $0.key < $1.key }) {
      for (digit, count) in counts.enumerated() where count > 0 {
        out.sample(
          "signalbox_gateway_answers_total",
          [("upstream", upstream), ("status", digit == 0 ? "none" : "\(digit)xx")], Double(count))
      }
    }
    out.family(
      "signalbox_gateway_stopped_total", .counter,
      "Calls ended before their time, by why: cancelled, or a budget.")
    for (why, count) in stopped.sorted(by: { $0.key < $1.key }) {
      out.sample("signalbox_gateway_stopped_total", [("reason", why)], Double(count))
    }
    out.gauge("signalbox_gateway_active", "Requests in progress.", active)
    out.gauge("signalbox_gateway_drains", "Calls read on for their usage after their client left.", drains)
    out.counter("signalbox_gateway_untapped_total", "Requests passed through without a tap.", untapped)
    out.counter("signalbox_gateway_usage_asked_total", "Streams that were asked for their usage.", usageAsked)
    out.counter("signalbox_gateway_tap_failures_total", "Calls that could not be read whole.", tapFailures)
    out.counter(
      "signalbox_gateway_ignored_headers_total", "x-signalbox values that meant nothing.", ignoredHeaders)
    out.counter("signalbox_gateway_sent_bytes_total", "Bytes of request bodies.", bytesUp)
    out.counter("signalbox_gateway_received_bytes_total", "Bytes of answers.", bytesDown)
    out.counter("signalbox_gateway_events_total", "Events handed to the log.", events)
    out.counter("signalbox_gateway_events_lost_total", "Events that the log did not take.", eventsLost)
    out.histogram(
      "signalbox_gateway_added_seconds", "Time added by the gateway itself before the first byte.",
      bounds: Self.addedBounds, counts: added, sum: addedSum)
  }
}

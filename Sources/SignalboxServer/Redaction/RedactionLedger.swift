internal import Signalbox
internal import SignalboxLog
internal import Wire

/// How often each detector found something, for the metrics. Safe on any thread.
final class RedactionLedger: Sendable {
  private struct State {
    var counts = RedactionCounts()
    var evicted: UInt64 = 0
  }

  private let names: [String]
  private let state = Guarded(State())

  init(_ set: RedactionSet) { names = set.names }

  func add(_ counts: RedactionCounts) { state.with { $0.counts.add(counts) } }

  /// The streams of a span gave way to others before its end.
  func noteEviction() { state.with { $0.evicted += 1 } }

  func write(to out: inout PrometheusWriter) {
    let state = state.with { $0 }
    out.family("signalbox_redacted_total", .counter, "Texts that were redacted, by what was found.")
    for (number, name) in names.enumerated() {
      let found = number < state.counts.found.count ? state.counts.found[number] : 0
      out.sample("signalbox_redacted_total", [("detector", name)], Double(found))
    }
    out.counter(
      "signalbox_redaction_evicted_total",
      "Spans whose held text was dropped, because too many streamed at once.",
      state.evicted)
  }
}

extension RedactionCounts {
  /// Writes what was found, by name: `{"email":1}`.
  func append(to writer: inout ByteWriter, names: [String]) {
    var opening: StaticString = "{"
    for (number, count) in found.enumerated() where count > 0 {
      writer.append(opening)
      opening = ","
      writer.append(jsonString: names[number])
      writer.append(UInt8(ascii: ":"))
      writer.append(decimal: count)
    }
    writer.append("}")
  }
}

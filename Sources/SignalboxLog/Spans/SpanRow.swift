/// How a span stands.
package enum SpanStatus: UInt8, Sendable {
  case running, ok, error
  /// Its producer went silent; a real end still supersedes it.
  case lost

  package var name: StaticString {
    switch self {
    case .running: "running"
    case .ok: "ok"
    case .error: "error"
    case .lost: "lost"
    }
  }
}

/// What the log knows of a span. While it runs, `lastOffset`, `deltas`, `firstDelta` and `usage` may lag behind
/// its events by some thousand events.
package struct SpanRow: Sendable {
  package var span: String
  package var trace: String?
  package var parent: String?
  package var session: String?
  package var chain: String?
  /// The part of the opener's type before its last dot: `llm`, `tool`, `chain`, …
  package var kind: String?
  /// The opener's type.
  package var type: String?
  /// `data.name` of the opener.
  package var name: String?
  package var provider: String?
  package var model: String?
  package var producer: String?
  package var status = SpanStatus.running
  /// `data.reason` and `data.message` of the error that ended it.
  package var reason: String?
  package var message: String?
  /// Producer's clock, nanoseconds since 1970: of its start, or its first event while that is missing.
  package var started: Int64
  package var ended: Int64?
  package var firstDelta: Int64?
  /// Offsets of its first and last event.
  package var firstOffset: UInt64
  package var lastOffset: UInt64
  /// Deltas stored; one that was merged of several counts as many.
  package var deltas: Int64 = 0
  /// The last usage that was told, as JSON.
  package var usage: String?
}

/// The columns of `span` that make a `SpanRow`, in one order for all who read them.
extension SpanRow {
  static let columns = """
    span, trace, parent, session, chain, kind, type, name, provider, model, producer, status, reason, message, \
    started, ended, first_delta, first_offset, last_offset, deltas, usage
    """
  static let columnCount: Int32 = 21

  init(_ row: Statement, from first: Int32 = 0) {
    self.init(
      span: row.text(first) ?? "", trace: row.text(first + 1), parent: row.text(first + 2),
      session: row.text(first + 3), chain: row.text(first + 4), kind: row.text(first + 5),
      type: row.text(first + 6), name: row.text(first + 7), provider: row.text(first + 8),
      model: row.text(first + 9), producer: row.text(first + 10),
      status: SpanStatus(rawValue: UInt8(truncatingIfNeeded: row.integer(first + 11))) ?? .running,
      reason: row.text(first + 12), message: row.text(first + 13), started: row.integer(first + 14),
      ended: row.optionalInteger(first + 15), firstDelta: row.optionalInteger(first + 16),
      firstOffset: row.offset(first + 17), lastOffset: row.offset(first + 18),
      deltas: row.integer(first + 19), usage: row.text(first + 20))
  }
}

/// A trace in a list: what its spans come to.
package struct TraceSummary: Sendable {
  package var trace: String
  /// Its root span, or the first that came in while the root is missing.
  package var root: SpanRow
  /// Offset of the first event of the span the trace is listed by: the cursor of a list.
  package var firstOffset: UInt64
  package var lastOffset: UInt64
  /// Running while any span runs, else the root's.
  package var status: SpanStatus
  /// Nanoseconds since 1970.
  package var started: Int64
  package var ended: Int64?
  package var spans: Int
  package var running: Int
  /// Spans that ended with an error, or were lost.
  package var errors: Int
  package var deltas: Int64
  /// Tokens of its model calls, where they were told.
  package var tokens: Int64?
}

/// Which traces a list asks for. All conditions must hold.
package struct TraceFilter: Sendable {
  package var session: String?
  package var chain: String?
  package var status: SpanStatus?
  /// Kind of the root, `llm` or `agent` for example.
  package var kind: String?
  package init() {}
}

/// The statements on `span` that readers use.
final class SpanQueries {
  let openers: Statement
  let openersOfSession: Statement
  let runningTraces: Statement
  let summary: Statement
  let root: Statement
  let ofTrace: Statement
  let one: Statement
  let firstOfTrace: Statement

  init(_ database: Database) throws(SQLiteError) {
    openers = try database.prepare(
      """
      SELECT trace, first_offset FROM span
      WHERE opens_trace = 1 AND first_offset < ?1 ORDER BY first_offset DESC LIMIT ?2
      """)
    openersOfSession = try database.prepare(
      """
      SELECT trace, first_offset FROM span WHERE session_key = ?3 AND opens_trace = 1 AND first_offset < ?1
      ORDER BY first_offset DESC LIMIT ?2
      """)
    runningTraces = try database.prepare(
      """
      SELECT o.trace, o.first_offset FROM (SELECT DISTINCT trace_key FROM span WHERE status = 0) r
      CROSS JOIN span o ON o.trace_key = r.trace_key AND o.opens_trace = 1
      WHERE o.first_offset < ?1 ORDER BY o.first_offset DESC LIMIT ?2
      """)
    summary = try database.prepare(
      """
      SELECT count(*), sum(status = 0), sum(status >= 2), min(started), max(ended), sum(deltas),
        max(last_offset), sum(CASE WHEN kind = 'llm' AND json_valid(usage) THEN usage ->> 'total' END)
      FROM span WHERE trace_key = ?1 AND trace = ?2
      """)
    root = try database.prepare(
      """
      SELECT \(SpanRow.columns) FROM span WHERE trace_key = ?1 AND trace = ?2
      ORDER BY parent IS NOT NULL, first_offset LIMIT 1
      """)
    ofTrace = try database.prepare(
      """
      SELECT \(SpanRow.columns) FROM span WHERE trace_key = ?1 AND trace = ?2 ORDER BY first_offset LIMIT ?3
      """)
    one = try database.prepare("SELECT \(SpanRow.columns) FROM span WHERE key = ?1")
    firstOfTrace = try database.prepare("SELECT min(first_offset) FROM span WHERE trace_key = ?1")
  }
}

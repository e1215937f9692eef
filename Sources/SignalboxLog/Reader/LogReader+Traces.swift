import Synchronization
import Wire

/// Spans and traces.
extension LogReader {
  /// Traces that match, the latest first, before that offset (the last summary's `firstOffset` for the next
  /// page). Fewer than `limit` mean there are no more.
  package func traces(
    _ filter: TraceFilter = TraceFilter(), before offset: UInt64 = UInt64(Int64.max), limit: Int = 50
  ) throws(LogError) -> [TraceSummary] {
    do {
      return try database.read { () throws(SQLiteError) in
        var result: [TraceSummary] = []
        var before = min(offset, UInt64(Int64.max))
        while result.count < limit {
          let openers = try openers(filter, before: before, limit: limit)
          for opener in openers where result.count < limit {
            before = opener.offset
            if let summary = try summary(opener.trace, firstOffset: opener.offset), filter.matches(summary) {
              result.append(summary)
            }
          }
          if openers.count < limit { break }
        }
        return result
      }
    } catch {
      throw unreadable(error)
    }
  }

  /// The summary of one trace; nil when no span of it is known.
  package func trace(_ id: String) throws(LogError) -> TraceSummary? {
    do {
      return try database.read { () throws(SQLiteError) in try summary(id, firstOffset: nil) }
    } catch {
      throw unreadable(error)
    }
  }

  /// The spans of a trace, in the order they came in.
  package func spans(trace: String, limit: Int = 10_000) throws(LogError) -> [SpanRow] {
    do {
      spanQueries.ofTrace.bind(1, MemberKind.trace.key(trace))
      spanQueries.ofTrace.bind(2, trace)
      spanQueries.ofTrace.bind(3, limit)
      var rows: [SpanRow] = []
      while try spanQueries.ofTrace.step() { rows.append(SpanRow(spanQueries.ofTrace)) }
      return rows
    } catch {
      throw unreadable(error)
    }
  }

  /// One span; nil when it is not known.
  package func span(_ id: String) throws(LogError) -> SpanRow? {
    do {
      let bytes = SharedBytes(id.utf8)
      spanQueries.one.bind(1, core.hash.spanKey(bytes.raw))
      guard try spanQueries.one.step() else { return nil }
      defer { spanQueries.one.reset() }
      return SpanRow(spanQueries.one)
    } catch {
      throw unreadable(error)
    }
  }

  /// The events of a trace.
  package func traceEvents(
    _ trace: String, after offset: UInt64 = 0, limit: Int = 10_000, bytes: Int = 16 << 20
  ) throws(LogError) -> LogPage {
    var filter = EventFilter()
    filter.trace = trace
    return try events(after: offset, filter: filter, limit: limit, bytes: bytes)
  }

  // MARK: Where something begins

  /// An offset such that every retained event of the trace comes at or after it; nil when none is known.
  package func firstOffset(ofTrace trace: String) throws(LogError) -> UInt64? {
    var filter = EventFilter()
    filter.trace = trace
    return try first(filter, row: spanQueries.firstOfTrace, key: MemberKind.trace.key(trace))
  }

  /// The offset of a span's first event; nil when the span is not known.
  package func firstOffset(ofSpan id: String) throws(LogError) -> UInt64? {
    try span(id)?.firstOffset
  }

  /// The least of what the spans, the sealed segments and the cached commits say.
  private func first(_ filter: EventFilter, row: Statement, key: UInt64) throws(LogError) -> UInt64? {
    let sealedEnd: UInt64
    let cached = core.tail.entries
    var found: [UInt64] = []
    do {
      row.bind(1, key)
      if try row.step(), !row.isNull(0) { found.append(row.unsigned(0)) }
      row.reset()
      if let segment = try finder.next(.keys([key]), from: core.firstRetained.load(ordering: .acquiring)) {
        found.append(segment.firstOffset)
      }
      if let entry = cached.first(where: { $0.keys.containsSorted(key) }) {
        found.append(entry.committed.firstOffset)
      }
      sealedEnd = try finder.sealedEnd() ?? 1
    } catch {
      throw unreadable(error)
    }
    // Commits that wait to be sealed and no longer fit the cache have no membership: look at them.
    let cacheStart = cached.first?.committed.firstOffset ?? core.tip.load(ordering: .acquiring)
    if sealedEnd < cacheStart {
      let page = try events(after: sealedEnd - 1, upTo: cacheStart, filter: filter, limit: 1)
      found += page.offsets
    }
    return found.min().map { max($0, core.firstRetained.load(ordering: .acquiring)) }
  }

  // MARK: Summaries

  private func openers(
    _ filter: TraceFilter, before: UInt64, limit: Int
  ) throws(SQLiteError) -> [(trace: String, offset: UInt64)] {
    let statement: Statement
    if let session = filter.session {
      statement = spanQueries.openersOfSession
      statement.bind(3, MemberKind.session.key(session))
    } else {
      statement = filter.status == .running ? spanQueries.runningTraces : spanQueries.openers
    }
    statement.bind(1, before)
    statement.bind(2, limit)
    var result: [(trace: String, offset: UInt64)] = []
    while try statement.step() { result.append((statement.text(0) ?? "", statement.unsigned(1))) }
    return result
  }

  private func summary(_ trace: String, firstOffset: UInt64?) throws(SQLiteError) -> TraceSummary? {
    let (sums, root) = (spanQueries.summary, spanQueries.root)
    let key = MemberKind.trace.key(trace)
    root.bind(1, key)
    root.bind(2, trace)
    guard try root.step() else { return nil }
    let rootRow = SpanRow(root)
    root.reset()
    sums.bind(1, key)
    sums.bind(2, trace)
    guard try sums.step() else { return nil }
    defer { sums.reset() }
    let running = Int(sums.integer(1))
    return TraceSummary(
      trace: trace, root: rootRow, firstOffset: firstOffset ?? rootRow.firstOffset,
      lastOffset: sums.unsigned(6), status: running > 0 ? .running : rootRow.status,
      started: sums.integer(3), ended: running > 0 ? nil : sums.optionalInteger(4),
      spans: Int(sums.integer(0)), running: running, errors: Int(sums.integer(2)),
      deltas: sums.integer(5), tokens: sums.optionalInteger(7))
  }
}

extension TraceFilter {
  /// The conditions that the query did not see to.
  fileprivate func matches(_ summary: TraceSummary) -> Bool {
    (session == nil || summary.root.session == session) && (chain == nil || summary.root.chain == chain)
      && (status == nil || summary.status == status) && (kind == nil || summary.root.kind == kind)
  }
}

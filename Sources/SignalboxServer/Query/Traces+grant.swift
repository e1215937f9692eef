internal import SignalboxLog
internal import Wire

extension Grant {
  /// Whether a span is seen.
  func sees(_ row: SpanRow) -> Bool {
    sees(session: row.session, chain: row.chain, trace: row.trace)
      && (row.type.map(sees(type:)) ?? types.isEmpty)
  }
}

extension LogReader {
  /// Traces of which the grant's bearer sees the root, the latest first, told as far as they are seen.
  func traces(
    _ filter: TraceFilter, before offset: UInt64, limit: Int, seenBy grant: Grant
  ) throws(LogError) -> [TraceSummary] {
    if grant.isEverywhere, grant.types.isEmpty { return try traces(filter, before: offset, limit: limit) }
    var found: [TraceSummary] = []
    if grant.isEverywhere || !grant.chains.isEmpty, filter.session == nil {
      found = try scan(filter, before: offset, limit: limit, seenBy: grant)
    } else {
      // Sessions and traces are found by their names, so that a page never costs a search through all traces.
      for session in filter.session.map({ [$0] }) ?? grant.sessions.sorted() {
        var named = filter
        named.session = session
        found += try scan(named, before: offset, limit: limit, seenBy: grant)
      }
      for trace in grant.traces.sorted() {
        guard let summary = try summary(ofTrace: trace, filter), summary.firstOffset < offset else {
          continue
        }
        if let seen = try seen(summary, by: grant) { found.append(seen) }
      }
    }
    var known: Set<String> = []
    let ordered = found.sorted { $0.firstOffset > $1.firstOffset }.filter { known.insert($0.trace).inserted }
    return Array(ordered.prefix(limit))
  }

  /// Most traces that are looked at for one page.
  private static let scanLimit = 5000

  private func scan(
    _ filter: TraceFilter, before offset: UInt64, limit: Int, seenBy grant: Grant
  ) throws(LogError) -> [TraceSummary] {
    var found: [TraceSummary] = []
    var before = offset
    var looked = 0
    while found.count < limit, looked < Self.scanLimit {
      let page = try traces(filter, before: before, limit: limit)
      for summary in page where found.count < limit {
        if let seen = try seen(summary, by: grant) { found.append(seen) }
      }
      looked += page.count
      guard page.count == limit, let last = page.last else { break }
      before = last.firstOffset
    }
    return found
  }

  private func summary(ofTrace id: String, _ filter: TraceFilter) throws(LogError) -> TraceSummary? {
    guard let summary = try trace(id) else { return nil }
    let isWanted =
      (filter.session == nil || summary.root.session == filter.session)
      && (filter.status == nil || summary.status == filter.status)
    return isWanted ? summary : nil
  }

  private func seen(_ summary: TraceSummary, by grant: Grant) throws(LogError) -> TraceSummary? {
    guard grant.sees(summary.root) else { return nil }
    return summary.seen(as: try spans(trace: summary.trace).filter { grant.sees($0) }, by: grant)
  }
}

extension TraceSummary {
  /// The trace as far as these of its spans tell; itself where all of it is seen.
  func seen(as rows: [SpanRow], by grant: Grant) -> TraceSummary {
    guard !grant.isEverywhere || !grant.types.isEmpty, rows.count < spans, let first = rows.first else {
      return self
    }
    var seen = self
    seen.root = rows.first { $0.parent == nil } ?? first
    seen.lastOffset = rows.map(\.lastOffset).max() ?? lastOffset
    seen.spans = rows.count
    seen.running = rows.count { $0.status == .running }
    seen.errors = rows.count { $0.status == .error || $0.status == .lost }
    seen.deltas = rows.reduce(0) { $0 + $1.deltas }
    seen.status = seen.running > 0 ? .running : seen.root.status
    seen.started = rows.map(\.started).min() ?? started
    seen.ended = seen.running > 0 ? nil : rows.compactMap(\.ended).max()
    // Summed over all spans, so those that are not seen are in it.
    seen.tokens = nil
    return seen
  }
}

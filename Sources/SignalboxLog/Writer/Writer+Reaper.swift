import Wire

/// Closing spans whose producers went silent, with an event as everything else.
extension Writer {
  func noteHeartbeat(of name: String) {
    let bytes = SharedBytes(name.utf8)
    guard EventRules.isID(bytes.raw),
      let producer = try? tables.producers.find(bytes.raw, seen: core.openedAt)
    else { return }
    producer.seen = core.options.now().nanoseconds
    producer.hasLease = true
  }

  /// Stores a `lost` error for every span that is orphaned, children first.
  func reap() {
    let now = core.options.now().nanoseconds
    let lost = orphans(at: now)
    guard !lost.isEmpty else { return }
    var builder = EventBatchBuilder(capacity: lost.count * 400, events: lost.count)
    var ids = UUIDv7Generator()
    for orphan in lost {
      Self.appendLost(
        orphan.span, silence: orphan.silence, now: Timestamp(nanoseconds: now), ids: &ids, to: &builder)
    }
    core.metrics.with { $0.lost += UInt64(lost.count) }
    store([Submission(batch: builder.finish(), completion: { _ in })])
  }

  private struct Orphan {
    let span: SpanState
    /// Seconds without a sign of life.
    let silence: Int
  }

  /// The open spans that were silent too long, and have no open child that was not; children before parents.
  private func orphans(at now: Int64) -> [Orphan] {
    try? tables.spans.loadSomeRunning()
    var silent: [UInt64: Orphan] = [:]
    var alive: [SpanState] = []
    for span in tables.spans.open {
      if let silence = silence(of: span, at: now) {
        silent[span.key] = Orphan(span: span, silence: silence)
      } else {
        alive.append(span)
      }
    }
    // Whoever has a living descendant lives.
    for span in alive {
      var parent = parentKey(of: span)
      while let key = parent, let orphan = silent.removeValue(forKey: key) {
        parent = parentKey(of: orphan.span)
      }
    }
    var depths: [UInt64: Int] = [:]
    func depth(_ key: UInt64, below limit: Int) -> Int {
      if let known = depths[key] { return known }
      // A cycle of parents ends at the limit.
      guard limit > 0, let parent = silent[key].flatMap({ parentKey(of: $0.span) }), silent[parent] != nil
      else { return 0 }
      let result = depth(parent, below: limit - 1) + 1
      depths[key] = result
      return result
    }
    return silent.values.sorted { depth($0.span.key, below: 64) > depth($1.span.key, below: 64) }
  }

  private func parentKey(of span: SpanState) -> UInt64? {
    span.row.parent.map { parent in
      let bytes = SharedBytes(parent.utf8)
      return tables.hash.spanKey(bytes.raw)
    }
  }

  /// For how many seconds the span gave no sign of life, where that is too long.
  private func silence(of span: SpanState, at now: Int64) -> Int? {
    let rules = core.options.lease
    var seen = span.seen
    var limit = span.row.kind.flatMap { rules.silence[$0] } ?? rules.otherSilence
    if let producer = span.row.producer.flatMap({ tables.producers.known($0) }) {
      seen = max(seen, producer.hasLease ? producer.seen : 0)
      if producer.hasLease { limit = rules.producerSilence }
    }
    let silence = Int((now - seen) / 1_000_000_000)
    return silence > limit ? silence : nil
  }

  private static func appendLost(
    _ span: SpanState, silence: Int, now: Timestamp, ids: inout UUIDv7Generator,
    to builder: inout EventBatchBuilder
  ) {
    builder.begin()
    builder.mintedID(ids.next(at: now))
    builder.string(.type, (span.row.kind ?? "span") + ".error")
    builder.phase(.error)
    builder.time(now)
    builder.received(now)
    if let trace = span.trace { builder.string(.trace, escaped: trace.raw) }
    builder.string(.span, span.row.span)
    if let parent = span.row.parent { builder.string(.parent, parent) }
    if let session = span.session { builder.string(.session, escaped: session.raw) }
    if let chain = span.chain { builder.string(.chain, escaped: chain.raw) }
    if let provider = span.row.provider { builder.string(.provider, provider) }
    if let model = span.row.model { builder.string(.model, model) }
    builder.json(.data) { data in
      data.append("{\"reason\":\"lost\",\"message\":\"no sign of life from its producer for ")
      data.append(decimal: silence)
      data.append(" s\"}")
    }
    builder.end()
  }
}

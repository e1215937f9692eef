import Wire

/// Reads and writes the rows of spans on the writer's connection.
struct SpanStore {
  private let find: Statement
  private let upsert: Statement
  private let knowsTrace: Statement
  private let running: Statement

  private static let state = "next_index, later_indexes, as_of, opens_trace, seen, is_mixed"

  init(_ database: Database) throws(SQLiteError) {
    let loaded = "\(SpanRow.columns), \(Self.state), key"
    find = try database.prepare("SELECT \(loaded) FROM span WHERE key = ?1")
    running = try database.prepare(
      "SELECT \(loaded) FROM span WHERE status = 0 AND first_offset > ?1 ORDER BY first_offset LIMIT ?2")
    let saved = "\(SpanRow.columns), \(Self.state), trace_key, session_key"
    // Retention may have taken the row of a span that is still in memory, hence never a plain UPDATE.
    upsert = try database.prepare(
      """
      INSERT INTO span(\(saved), key) VALUES (\((1...30).map { "?\($0)" }.joined(separator: ",")))
      ON CONFLICT(key) DO UPDATE SET (\(saved)) = (\((1...29).map { "?\($0)" }.joined(separator: ",")))
      """)
    knowsTrace = try database.prepare("SELECT trace FROM span WHERE trace_key = ?1")
  }

  func load(key: UInt64) throws(SQLiteError) -> SpanState? {
    find.bind(1, key)
    guard try find.step() else { return nil }
    defer { find.reset() }
    return state(find)
  }

  /// Spans that run and whose first event lies behind `offset`, in order.
  func loadRunning(after offset: UInt64, limit: Int) throws(SQLiteError) -> [SpanState] {
    running.bind(1, offset)
    running.bind(2, limit)
    var result: [SpanState] = []
    while try running.step() { result.append(state(running)) }
    return result
  }

  private func state(_ statement: Statement) -> SpanState {
    let row = SpanRow(statement)
    let next = SpanRow.columnCount
    let state = SpanState(
      key: statement.unsigned(next + 6), row: row, asOf: statement.unsigned(next + 2),
      seen: statement.integer(next + 4), isMixed: statement.integer(next + 5) != 0)
    state.indexes = RangeSet(next: statement.integer(next), later: statement.blob(next + 1))
    state.opensTrace = statement.integer(next + 3) != 0
    return state
  }

  /// Whether a span of that trace has a row.
  func knows(trace: SharedBytes) throws(SQLiteError) -> Bool {
    knowsTrace.bind(1, MemberKind.trace.key(trace.raw))
    while try knowsTrace.step() {
      if knowsTrace.blob(0).sameBytes(trace.raw) {
        knowsTrace.reset()
        return true
      }
    }
    return false
  }

  /// Writes the row as it stands; within a transaction.
  func save(_ state: SpanState) throws(SQLiteError) {
    let row = state.row
    for (column, text) in [
      row.span, row.trace, row.parent, row.session, row.chain, row.kind, row.type, row.name, row.provider,
      row.model, row.producer,
    ].enumerated() { upsert.bind(Int32(column + 1), text) }
    upsert.bind(12, Int64(row.status.rawValue))
    upsert.bind(13, row.reason)
    upsert.bind(14, row.message)
    upsert.bind(15, row.started)
    upsert.bind(16, row.ended)
    upsert.bind(17, row.firstDelta)
    upsert.bind(18, row.firstOffset)
    upsert.bind(19, row.lastOffset)
    upsert.bind(20, row.deltas)
    upsert.bind(21, row.usage)
    upsert.bind(22, state.indexes.next)
    upsert.bind(23, state.indexes.encodedLater)
    upsert.bind(24, state.asOf)
    upsert.bind(25, Int64(state.opensTrace ? 1 : 0))
    upsert.bind(26, state.seen)
    upsert.bind(27, Int64(state.isMixed ? 1 : 0))
    upsert.bind(28, state.trace.map { Int64(bitPattern: MemberKind.trace.key($0.raw)) })
    upsert.bind(29, state.session.map { Int64(bitPattern: MemberKind.session.key($0.raw)) })
    upsert.bind(30, state.key)
    try upsert.run()
    state.isDue = false
    state.dirtySince = nil
  }
}

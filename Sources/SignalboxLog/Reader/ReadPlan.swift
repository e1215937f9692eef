import Wire

/// Which sealed segments can hold what a filter asks for: by its most selective condition.
enum ReadPlan {
  /// Every segment.
  case all
  /// Those whose membership has one of these keys.
  case keys([UInt64])
  /// Those of a span's own key, and those of its trace between its first and last event.
  case span(key: UInt64, trace: UInt64, within: ClosedRange<UInt64>)
}

/// Finds the segments of a plan, in either direction. Used within a read transaction.
final class SegmentFinder {
  private let database: Database
  private let containing: Statement
  private let following: Statement
  private let memberFrom: Statement
  private let memberUpTo: Statement
  private let memberAt: Statement
  private let lastSealed: Statement
  private let types: Statement
  private let span: Statement

  struct Candidate: Equatable {
    let firstOffset: UInt64
    /// The blocks to look at, a bit each.
    var blocks: UInt64
  }

  init(_ database: Database) throws(SQLiteError) {
    self.database = database
    containing = try database.prepare(
      "SELECT first_offset FROM segment WHERE first_offset <= ?1 ORDER BY first_offset DESC LIMIT 1")
    following = try database.prepare(
      "SELECT first_offset FROM segment WHERE first_offset >= ?1 ORDER BY first_offset LIMIT 1")
    memberFrom = try database.prepare(
      "SELECT segment, blocks FROM member WHERE key = ?1 AND segment >= ?2 ORDER BY segment LIMIT 1")
    memberUpTo = try database.prepare(
      "SELECT segment, blocks FROM member WHERE key = ?1 AND segment <= ?2 ORDER BY segment DESC LIMIT 1")
    memberAt = try database.prepare("SELECT blocks FROM member WHERE key = ?1 AND segment = ?2")
    lastSealed = try database.prepare(
      "SELECT first_offset + count FROM segment ORDER BY first_offset DESC LIMIT 1")
    types = try database.prepare("SELECT name FROM type WHERE name >= ?1 ORDER BY name")
    span = try database.prepare("SELECT trace_key, first_offset, is_mixed FROM span WHERE key = ?1")
  }

  // MARK: Plans

  func plan(for filter: EventFilter, hash: SipHash) throws(SQLiteError) -> ReadPlan {
    if let id = filter.span { return try spanPlan(id, hash) }
    let named: [(MemberKind, String?)] = [
      (.trace, filter.trace), (.session, filter.session), (.chain, filter.chain), (.request, filter.request),
      (.model, filter.model), (.provider, filter.provider),
    ]
    for case (let kind, let value?) in named { return .keys([kind.key(value)]) }
    return try typePlan(filter.types)
  }

  private func spanPlan(_ id: String, _ hash: SipHash) throws(SQLiteError) -> ReadPlan {
    let bytes = SharedBytes(id.utf8)
    let key = MemberKind.span.key(bytes.raw)
    span.bind(1, hash.spanKey(bytes.raw))
    guard try span.step() else { return .keys([key]) }
    defer { span.reset() }
    guard !span.isNull(0) else { return .keys([key]) }
    guard span.integer(2) == 0 else { return .all }
    // The row of a span that runs may be behind, so its end is open.
    return .span(key: key, trace: span.unsigned(0), within: span.offset(1)...UInt64(Int64.max))
  }

  /// The types that are known with one of the prefixes. Too many are not worth it.
  private func typePlan(_ prefixes: [String]) throws(SQLiteError) -> ReadPlan {
    if prefixes.isEmpty || prefixes.contains("") { return .all }
    var keys: Set<UInt64> = []
    for prefix in prefixes {
      types.bind(1, prefix)
      defer { types.reset() }
      while try types.step(), let name = types.text(0), name.utf8.starts(with: prefix.utf8) {
        keys.insert(MemberKind.type.key(name))
        if keys.count > 32 { return .all }
      }
    }
    return .keys(Array(keys))
  }

  // MARK: Segments

  /// The offset behind the last sealed segment; nil when there is none.
  func sealedEnd() throws(SQLiteError) -> UInt64? { try first(lastSealed) }

  /// The first offset of the first segment that begins behind `offset`.
  func following(_ offset: UInt64) throws(SQLiteError) -> UInt64? {
    following.bind(1, offset + 1)
    return try first(following)
  }

  /// The first segment of the plan that reaches to `offset` or lies behind it.
  func next(_ plan: ReadPlan, from offset: UInt64) throws(SQLiteError) -> Candidate? {
    containing.bind(1, offset)
    let start = try first(containing) ?? offset
    switch plan {
    case .all:
      following.bind(1, start)
      return try first(following).map { Candidate(firstOffset: $0, blocks: .max) }
    case .keys(let keys): return try nearest(keys, statement: memberFrom, limit: start, isBefore: <)
    case .span(let key, let trace, let within):
      containing.bind(1, within.lowerBound)
      var at = max(start, try first(containing) ?? 0)
      while let found = try nearest([key, trace], statement: memberFrom, limit: at, isBefore: <) {
        guard found.firstOffset <= within.upperBound else { return nil }
        if let narrowed = try narrow(found, key: key, trace: trace) { return narrowed }
        at = found.firstOffset + 1
      }
      return nil
    }
  }

  /// The last segment of the plan that begins before `offset`.
  func previous(_ plan: ReadPlan, before offset: UInt64) throws(SQLiteError) -> Candidate? {
    guard offset > 0 else { return nil }
    switch plan {
    case .all:
      containing.bind(1, offset - 1)
      return try first(containing).map { Candidate(firstOffset: $0, blocks: .max) }
    case .keys(let keys): return try nearest(keys, statement: memberUpTo, limit: offset - 1, isBefore: >)
    case .span(let key, let trace, let within):
      containing.bind(1, within.lowerBound)
      let lowest = try first(containing) ?? 0
      var at = offset - 1
      while let found = try nearest([key, trace], statement: memberUpTo, limit: at, isBefore: >) {
        guard found.firstOffset >= lowest else { return nil }
        if let narrowed = try narrow(found, key: key, trace: trace) { return narrowed }
        guard found.firstOffset > 0 else { return nil }
        at = found.firstOffset - 1
      }
      return nil
    }
  }

  /// A trace that lies in many blocks of a segment has its spans told apart there; then only the span's own
  /// blocks count, and without any it is not in the segment.
  private func narrow(_ found: Candidate, key: UInt64, trace: UInt64) throws(SQLiteError) -> Candidate? {
    let ofTrace = try blocks(of: trace, in: found.firstOffset) ?? 0
    let ofSpan = try blocks(of: key, in: found.firstOffset)
    if ofTrace.nonzeroBitCount > SegmentBuilder.fewBlocks {
      return ofSpan.map { Candidate(firstOffset: found.firstOffset, blocks: $0) }
    }
    return Candidate(firstOffset: found.firstOffset, blocks: ofTrace | (ofSpan ?? 0))
  }

  private func blocks(of key: UInt64, in segment: UInt64) throws(SQLiteError) -> UInt64? {
    memberAt.bind(1, key)
    memberAt.bind(2, segment)
    return try first(memberAt)
  }

  /// The nearest segment that has one of the keys, with the blocks of all of them.
  private func nearest(
    _ keys: [UInt64], statement: Statement, limit: UInt64, isBefore: (UInt64, UInt64) -> Bool
  ) throws(SQLiteError) -> Candidate? {
    var best: Candidate?
    for key in keys {
      statement.bind(1, key)
      statement.bind(2, limit)
      guard try statement.step() else { continue }
      let found = Candidate(firstOffset: statement.offset(0), blocks: statement.unsigned(1))
      statement.reset()
      if let known = best, known.firstOffset == found.firstOffset {
        best?.blocks |= found.blocks
      } else if best.map({ isBefore(found.firstOffset, $0.firstOffset) }) ?? true {
        best = found
      }
    }
    return best
  }

  private func first(_ statement: Statement) throws(SQLiteError) -> UInt64? {
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return statement.unsigned(0)
  }
}

import Wire

/// The spans the writer knows: open ones and those that ended last in memory, the others in their rows.
/// Confined to the writer's thread.
final class SpanTable {
  private let store: SpanStore
  private let hash: SipHash
  private var states: [UInt64: SpanState] = [:]
  /// In the order in which they came into memory, and in which they leave it.
  private var order = Fifo<UInt64>()
  private let capacity: Int
  /// Nothing that was silent while the log was closed counts as silent.
  private let openedAt: Int64
  private var dirty = DirtyQueue<SpanState>()
  /// Rows to be written with the commit that is being made.
  private var due: [SpanState] = []
  /// The span of the last event: streams come in runs.
  private var last: SpanState?
  /// Open spans whose state is in their rows only.
  private var hasOpenElsewhere = true
  /// Up to where `loadSomeRunning` has looked.
  private var scannedTo: UInt64 = 0

  init(_ database: Database, hash: SipHash, capacity: Int, openedAt: Int64) throws(SQLiteError) {
    store = try SpanStore(database)
    self.hash = hash
    self.capacity = capacity
    self.openedAt = openedAt
  }

  var count: Int { states.count }
  var open: some Sequence<SpanState> { states.values.lazy.filter(\.isOpen) }

  /// The span with that id; nil when no event of it was ever stored (or retention took it).
  func find(_ id: UnsafeRawBufferPointer) throws(SQLiteError) -> SpanState? {
    let key = hash.spanKey(id)
    if let last, last.key == key { return last }
    if let state = states[key] {
      last = state
      return state
    }
    guard let state = try store.load(key: key) else { return nil }
    remember(state)
    last = state
    return state
  }

  /// Makes the span of an event that is stored at `offset`.
  func make(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, offset: UInt64, seen: Int64
  ) throws(SQLiteError) -> SpanState {
    let id = bytes.field(.span, of: slot)
    let row = SpanRow(
      span: String(decoding: id, as: UTF8.self), started: slot.time, firstOffset: offset, lastOffset: offset)
    let state = SpanState(key: hash.spanKey(id), row: row, asOf: offset, seen: seen)
    state.open(slot, bytes)
    remember(state)
    setDue(state)
    last = state
    return state
  }

  /// Takes an event in that is stored at `offset`.
  func apply(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, to state: SpanState, offset: UInt64, seen: Int64
  ) throws(SQLiteError) {
    state.seen = seen
    let hadTrace = state.trace != nil
    let isDue = state.apply(slot, bytes, offset: offset)
    if !hadTrace, let trace = state.trace { state.opensTrace = try isNew(trace, except: state) }
    if isDue { setDue(state) } else { dirty.touch(state, offset: offset) }
  }

  /// Whether no other span of that trace is known. Those of this commit have no row yet.
  private func isNew(_ trace: SharedBytes, except state: SpanState) throws(SQLiteError) -> Bool {
    for other in due where other !== state && other.trace?.raw.sameBytes(trace.raw) == true { return false }
    return try !store.knows(trace: trace)
  }

  private func setDue(_ state: SpanState) {
    guard !state.isDue else { return }
    state.isDue = true
    due.append(state)
  }

  private func remember(_ state: SpanState) {
    state.seen = max(state.seen, openedAt)
    states[state.key] = state
    order.append(state.key)
  }

  /// Writes the rows that belong to this commit, and up to `slice` of those that lag behind `horizon`; within
  /// its transaction. `saved` is called after each.
  func save(behind horizon: UInt64, slice: Int, saved: () -> Void = {}) throws(SQLiteError) {
    for state in due {
      try store.save(state)
      saved()
    }
    due.removeAll(keepingCapacity: true)
    var left = slice
    while left > 0, let oldest = dirty.oldest(), oldest.since < horizon {
      try store.save(oldest.element)
      saved()
      left -= 1
    }
    try shrink()
  }

  /// Lets go of the spans that came first where there are too many.
  private func shrink() throws(SQLiteError) {
    while states.count > capacity, let key = order.removeFirst() {
      guard let state = states.removeValue(forKey: key) else { continue }
      if state.dirtySince != nil { try store.save(state) }
      if state.isOpen { hasOpenElsewhere = true }
      if last === state { last = nil }
    }
  }

  /// The first offset that some row does not know; nil when all rows are up to date.
  func dirtySince() -> UInt64? { dirty.oldest()?.since }

  /// Brings some of the spans that run and are not in memory into it, so that they can be found lost: after a
  /// restart, and where more run than memory may hold. Each call goes on where the last one stopped.
  func loadSomeRunning() throws(SQLiteError) {
    guard hasOpenElsewhere else { return }
    let limit = 1024
    let running = try store.loadRunning(after: scannedTo, limit: limit)
    for state in running where states[state.key] == nil { remember(state) }
    scannedTo = running.count == limit ? running.last?.row.firstOffset ?? 0 : 0
    if scannedTo == 0, states.count <= capacity { hasOpenElsewhere = false }
  }
}

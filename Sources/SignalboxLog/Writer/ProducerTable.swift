import Wire

/// A producer as the writer knows it: which of its numbered events are stored.
final class ProducerState: Tracked {
  let name: SharedBytes
  var seqs = RangeSet()
  /// Last sign of life by the log's clock, nanoseconds.
  var seen: Int64
  /// It has sent a heartbeat, so its silence means something.
  var hasLease = false
  var asOf: UInt64 = 0
  var dirtySince: UInt64?

  init(name: SharedBytes, seen: Int64) {
    self.name = name
    self.seen = seen
  }
}

/// Producers by name: the last ones in memory, all in their rows. Confined to the writer's thread.
final class ProducerTable {
  private let findRow: Statement
  private let saveRow: Statement
  private let hash: SipHash
  private var states: [UInt64: ProducerState] = [:]
  private var order = Fifo<UInt64>()
  private var dirty = DirtyQueue<ProducerState>()

  private static let capacity = 4096

  init(_ database: Database, hash: SipHash) throws(SQLiteError) {
    findRow = try database.prepare("SELECT as_of, next_seq, later_seqs FROM producer WHERE name = ?1")
    saveRow = try database.prepare(
      """
      INSERT INTO producer(name, as_of, next_seq, later_seqs, seen) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT(name) DO UPDATE SET as_of = ?2, next_seq = ?3, later_seqs = ?4, seen = ?5
      """)
    self.hash = hash
  }

  /// The producer of that name, new when it is not known.
  func find(_ name: UnsafeRawBufferPointer, seen: Int64) throws(SQLiteError) -> ProducerState {
    let key = hash(name)
    if let state = states[key] { return state }
    let state = ProducerState(name: SharedBytes(copying: name), seen: seen)
    findRow.bind(1, String(decoding: name, as: UTF8.self))
    if try findRow.step() {
      state.asOf = findRow.unsigned(0)
      state.seqs = RangeSet(next: findRow.integer(1), later: findRow.blob(2))
      findRow.reset()
    }
    states[key] = state
    order.append(key)
    return state
  }

  /// A producer that is in memory.
  func known(_ name: String) -> ProducerState? {
    let bytes = SharedBytes(name.utf8)
    return states[hash(bytes.raw)]
  }

  /// Notes an event of the producer that is stored at `offset`.
  func apply(_ slot: EventSlot, to state: ProducerState, offset: UInt64, seen: Int64) {
    state.seen = seen
    state.asOf = offset + 1
    guard slot.seq >= 0 else { return }
    state.seqs.insert(slot.seq..<slot.seq + 1)
    dirty.touch(state, offset: offset)
  }

  /// Writes up to `slice` rows that lag behind `horizon`; within a transaction.
  func save(behind horizon: UInt64, slice: Int) throws(SQLiteError) {
    var left = slice
    while left > 0, let oldest = dirty.oldest(), oldest.since < horizon {
      try save(oldest.element)
      left -= 1
    }
    while states.count > Self.capacity, let key = order.removeFirst() {
      if let state = states.removeValue(forKey: key), state.dirtySince != nil { try save(state) }
    }
  }

  func dirtySince() -> UInt64? { dirty.oldest()?.since }

  private func save(_ state: ProducerState) throws(SQLiteError) {
    saveRow.bind(1, String(decoding: state.name.raw, as: UTF8.self))
    saveRow.bind(2, state.asOf)
    saveRow.bind(3, state.seqs.next)
    saveRow.bind(4, state.seqs.encodedLater)
    saveRow.bind(5, state.seen)
    try saveRow.run()
    state.dirtySince = nil
  }
}

import Wire

/// All that the writer knows of what is stored: spans, producers, ids. It can be thrown away and read again
/// from the database, which is what happens after a crash and after a commit that failed. Confined to the writer's
/// thread.
final class WriterTables {
  let spans: SpanTable
  let producers: ProducerTable
  var ids: IDWindow
  let idStore: IDStore
  let hash: SipHash
  /// The rows that hold the window's ids, and how many ids lie in them.
  private var idRows = Fifo<(offset: UInt64, count: Int)>()
  private var idCount = 0
  private let idWindow: Int

  /// Reads the rows; the tail must be replayed then.
  init(_ database: Database, core: LogCore) throws(SQLiteError) {
    let options = core.options
    hash = core.hash
    spans = try SpanTable(database, hash: hash, capacity: options.spansInMemory, openedAt: core.openedAt)
    producers = try ProducerTable(database, hash: hash)
    ids = IDWindow(capacity: options.idWindow)
    idStore = try IDStore(database)
    idWindow = options.idWindow
    let stored = try idStore.load(options.idWindow)
    for id in stored.ids where !ids.contains(id) { ids.insert(id) }
    for row in stored.rows { noteIDs(row.count, at: row.offset) }
  }

  /// How an event is told from one that was stored before.
  enum Identity {
    /// By its place among the deltas of its span, by its place among its producer's events, or by nothing.
    case delta, sequence, none
    /// By its id, whose keyed hash this is.
    case id(UInt64)
  }

  func identity(of slot: EventSlot, _ bytes: UnsafeRawBufferPointer) -> Identity {
    if slot.phase == .delta, slot.index >= 0, slot.span.isPresent { return .delta }
    if slot.producer.isPresent, slot.seq >= 0 { return .sequence }
    guard !slot.mintedID, slot.id.isPresent else { return .none }
    return .id(hash(bytes.field(.id, of: slot)))
  }

  func isStored(_ identity: Identity, _ slot: EventSlot, span: SpanState?, producer: ProducerState?) -> Bool {
    switch identity {
    case .delta: span?.indexes.contains(slot.index..<slot.index + slot.count) ?? false
    case .sequence: producer?.seqs.contains(slot.seq..<slot.seq + 1) ?? false
    case .id(let hash): ids.contains(hash)
    case .none: false
    }
  }

  /// Notes how many ids a commit wrote; answers from which offset on rows are still needed, when some are not.
  @discardableResult
  func noteIDs(_ count: Int, at offset: UInt64) -> UInt64? {
    guard count > 0 else { return nil }
    idRows.append((offset, count))
    idCount += count
    var floor: UInt64?
    while let first = idRows.first, idCount - first.count >= idWindow {
      idCount -= first.count
      idRows.removeFirst()
      floor = idRows.first?.offset
    }
    return floor
  }

  /// The first offset that some row does not know yet.
  func dirtySince() -> UInt64? {
    switch (spans.dirtySince(), producers.dirtySince()) {
    case (let a?, let b?): min(a, b)
    case (let a, let b): a ?? b
    }
  }
}

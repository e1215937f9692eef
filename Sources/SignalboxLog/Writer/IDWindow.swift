import Wire

/// The last event ids that producers gave, as keyed 64-bit hashes: to know a re-sent event again.
///
/// A ring tells which leaves when one comes; a table with open addressing tells which are there.
struct IDWindow {
  private var ring: [UInt64] = []
  private var head = 0
  /// 0 marks a free place, so a hash of 0 counts as 1.
  private var table: [UInt64]
  private let mask: Int
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = max(capacity, 1)
    var size = 16
    while size < self.capacity * 2 { size *= 2 }
    mask = size - 1
    table = []
  }

  func contains(_ hash: UInt64) -> Bool {
    guard !table.isEmpty else { return false }
    return table[place(of: max(hash, 1))] != 0
  }

  /// Adds a hash that is not there; the oldest leaves when the window is full.
  mutating func insert(_ hash: UInt64) {
    // The memory is taken when the first id comes: many producers let the server mint them.
    if table.isEmpty { table = [UInt64](repeating: 0, count: mask + 1) }
    let hash = max(hash, 1)
    if ring.count < capacity {
      ring.append(hash)
    } else {
      remove(ring[head])
      ring[head] = hash
      head = (head + 1) % capacity
    }
    table[place(of: hash)] = hash
  }

  /// Where the hash is, or the free place where it would be.
  private func place(of hash: UInt64) -> Int {
    var at = Int(truncatingIfNeeded: hash) & mask
    while table[at] != 0, table[at] != hash { at = (at + 1) & mask }
    return at
  }

  /// Takes a hash out and moves what was displaced by it back (Knuth, TAOCP 6.4, algorithm R).
  private mutating func remove(_ hash: UInt64) {
    var hole = place(of: hash)
    guard table[hole] != 0 else { return }
    var at = hole
    while true {
      table[hole] = 0
      repeat {
        at = (at + 1) & mask
        guard table[at] != 0 else { return }
      } while isBetween(Int(truncatingIfNeeded: table[at]) & mask, hole, at)
      table[hole] = table[at]
      hole = at
    }
  }

  /// Whether `home` lies cyclically in `(hole, at]`.
  private func isBetween(_ home: Int, _ hole: Int, _ at: Int) -> Bool {
    hole <= at ? hole < home && home <= at : hole < home || home <= at
  }
}

/// The rows that bring the window back after a restart: the hashes of each commit.
struct IDStore {
  private let insert: Statement
  private let newest: Statement

  init(_ database: Database) throws(SQLiteError) {
    insert = try database.prepare("INSERT INTO recent_id(first_offset, ids) VALUES (?1, ?2)")
    newest = try database.prepare("SELECT ids, first_offset FROM recent_id ORDER BY first_offset DESC")
  }

  /// Writes the ids of one commit; within its transaction.
  func save(_ ids: [UInt64], firstOffset: UInt64) throws(SQLiteError) {
    guard !ids.isEmpty else { return }
    var writer = ByteWriter(capacity: ids.count * 8)
    for id in ids { writer.append(littleEndian: id) }
    insert.bind(1, firstOffset)
    insert.bind(2, copying: writer.raw)
    try insert.run()
  }

  /// The last ids, the oldest first, and the rows that hold them.
  func load(_ capacity: Int) throws(SQLiteError) -> (ids: [UInt64], rows: [(offset: UInt64, count: Int)]) {
    var ids: [UInt64] = []
    var rows: [(offset: UInt64, count: Int)] = []
    while ids.count < capacity, try newest.step() {
      var reader = ByteReader(newest.blob(0))
      var row: [UInt64] = []
      while let id = reader.littleEndian() { row.append(id) }
      rows.append((newest.unsigned(1), row.count))
      ids += row.reversed()
    }
    newest.reset()
    return (ids.reversed(), rows.reversed())
  }
}

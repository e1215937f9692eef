package import Wire

/// A key as it is kept: its hash, never itself.
package struct KeyRecord: Sendable {
  /// What it is revoked by.
  package let id: String
  /// What its owner calls it.
  package let name: String
  package let hash: [UInt8]
  /// Bits that the server gives a meaning to.
  package let scope: UInt8
  package let created: Timestamp

  package init(id: String, name: String, hash: [UInt8], scope: UInt8, created: Timestamp) {
    self.id = id
    self.name = name
    self.hash = hash
    self.scope = scope
    self.created = created
  }
}

/// The keys, in a file of their own beside the log: they outlive a log that was set aside.
package final class KeyStore: Sendable {
  private let path: String
  /// Keys change rarely, so each use opens the file anew; the lock keeps changes apart.
  private let turn = Guarded(())

  package init(directory: String) throws(LogError) {
    path = directory + "/keys.db"
    try use { database throws(SQLiteError) in
      try database.execute(
        """
        CREATE TABLE IF NOT EXISTS key(
          id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, scope INTEGER NOT NULL,
          created INTEGER NOT NULL) WITHOUT ROWID
        """)
    }
  }

  package func add(_ record: KeyRecord) throws(LogError) {
    try use { database throws(SQLiteError) in
      let insert = try database.prepare(
        "INSERT INTO key(id, name, hash, scope, created) VALUES(?, ?, ?, ?, ?)")
      insert.bind(1, record.id)
      insert.bind(2, record.name)
      insert.bind(4, Int(record.scope))
      insert.bind(5, record.created.nanoseconds)
      record.hash.withUnsafeBytes { insert.bind(3, copying: $0) }
      try insert.run()
    }
  }

  /// All keys, the oldest first.
  package func all() throws(LogError) -> [KeyRecord] {
    try use { database throws(SQLiteError) in
      let rows = try database.prepare("SELECT id, name, hash, scope, created FROM key ORDER BY created, id")
      var records: [KeyRecord] = []
      while try rows.step() {
        records.append(
          KeyRecord(
            id: rows.text(0) ?? "", name: rows.text(1) ?? "", hash: Array(rows.blob(2)),
            scope: UInt8(truncatingIfNeeded: rows.integer(3)),
            created: Timestamp(nanoseconds: rows.integer(4))))
      }
      return records
    }
  }

  /// Removes a key; false when there is none of that id.
  package func remove(id: String) throws(LogError) -> Bool {
    try use { database throws(SQLiteError) in
      let delete = try database.prepare("DELETE FROM key WHERE id = ?")
      delete.bind(1, id)
      try delete.run()
      return try database.integer("SELECT changes()") == 1
    }
  }

  private func use<Result>(_ body: (Database) throws(SQLiteError) -> Result) throws(LogError) -> Result {
    do throws(SQLiteError) {
      return try turn.with { _ throws(SQLiteError) in try body(Database(path: path)) }
    } catch {
      throw LogError(code: .database, message: "The keys in \(path) cannot be used: \(error)")
    }
  }
}

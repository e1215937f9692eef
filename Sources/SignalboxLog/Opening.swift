import CSQLite
import Synchronization
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Opening a log: what can be used is used, what cannot is set aside with a message, and a log begins in any
/// case.
struct Opening {
  let options: LogOptions
  let files: LogFiles

  /// What an opened log is made of.
  struct Result {
    let core: LogCore
    let writer: Writer
    let upkeep: Upkeep
    let checkpointer: Checkpointer
  }

  init(_ options: LogOptions) throws(LogError) {
    self.options = options
    files = try LogFiles(options.directory)
  }

  func run() throws(LogError) -> Result {
    if files.isMarkedDamaged { try setAside("was found damaged while it was in use") }
    do {
      return try open()
    } catch let failure {
      guard let reason = failure.reasonToSetAside else { throw failure.logError(files) }
      try setAside(reason)
      do { return try open() } catch { throw error.logError(files) }
    }
  }

  private func setAside(_ reason: String) throws(LogError) {
    guard access(files.database, F_OK) == 0 else { return }
    let name = try files.setAside(at: options.now().nanoseconds / 1_000_000_000)
    options.notice(
      LogNotice(
        kind: .setAside,
        message: "\(files.database) \(reason); it was set aside, renamed to \(name), and a fresh log begun"))
  }

  private func tellWhatIsGone(_ marks: LogMarks) {
    if let noted = files.notedTip, noted > marks.tip {
      let gone = noted - marks.tip
      options.notice(
        LogNotice(
          kind: .shortened,
          message: """
            the last \(gone) event\(gone == 1 ? "" : "s") of \(files.database) (\(marks.tip) to \(noted - 1)) \
            had been stored and are gone: its write-ahead log was cut or damaged, or the machine lost power
            """))
    }
    files.note(tip: marks.tip)
  }

  private enum Failure: Error {
    case unusable(String)
    case database(SQLiteError)

    var reasonToSetAside: String? {
      switch self {
      case .unusable(let reason): reason
      case .database(let error):
        // A statement that our own schema must understand is not understood: a table or column is gone.
        error.isDamage || error.code & 0xFF == SQLITE_ERROR ? "is damaged (\(error))" : nil
      }
    }

    func logError(_ files: LogFiles) -> LogError {
      switch self {
      case .unusable(let reason): LogError(code: .database, message: "\(files.database) \(reason)")
      case .database(let error):
        LogError(code: .database, message: "\(files.database) cannot be opened: \(error)")
      }
    }
  }

  private func open() throws(Failure) -> Result {
    do {
      let database = try connect()
      switch try Schema.standing(of: database) {
      case .fresh: try Schema.create(in: database)
      case .ours: break
      case .unusable(let reason): throw Failure.unusable(reason)
      }
      return try assemble(database)
    } catch let error as SQLiteError {
      throw .database(error)
    } catch let error as Failure {
      throw error
    } catch {
      throw .unusable("cannot be opened: \(error)")
    }
  }

  private func connect() throws(SQLiteError) -> Database {
    let database = try Database(path: files.database)
    // The first statement that reads the file tells whether it is a database at all.
    _ = try database.integer("SELECT count(*) FROM sqlite_schema")
    try database.execute(Schema.settings(durability: options.durability))
    if let maxPages = options.maxPages { _ = try database.integer("PRAGMA max_page_count = \(maxPages)") }
    return database
  }

  private func assemble(_ database: Database) throws(SQLiteError) -> Result {
    let marks = try LogMarks(database)
    tellWhatIsGone(marks)
    let hash = try secret(database)
    let core = LogCore(
      options: options, files: files, marks: marks, epochs: try mintEpoch(database, marks), hash: hash)
    let writer = try Writer(core: core, database: database)
    return Result(
      core: core, writer: writer, upkeep: try Upkeep(core: core, database: try connect()),
      checkpointer: Checkpointer(core: core, database: try connect()))
  }

  /// The database's own key for hashing ids, made when it is new.
  private func secret(_ database: Database) throws(SQLiteError) -> SipHash {
    if let low = try database.integer("SELECT value FROM meta WHERE key = 'hash_low'"),
      let high = try database.integer("SELECT value FROM meta WHERE key = 'hash_high'")
    {
      return SipHash(key: (UInt64(bitPattern: low), UInt64(bitPattern: high)))
    }
    let key = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    try database.write { () throws(SQLiteError) in
      let insert = try database.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES (?1, ?2)")
      for (name, value) in [("hash_low", key.0), ("hash_high", key.1)] {
        insert.bind(1, name)
        insert.bind(2, value)
        try insert.run()
      }
    }
    return SipHash(key: key)
  }

  /// Names this opening. Epochs of which nothing is retained are forgotten.
  private func mintEpoch(_ database: Database, _ marks: LogMarks) throws(SQLiteError) -> EpochTable {
    let epoch = UInt64.random(in: 1..<1 << 48)
    let rows = try database.prepare("SELECT epoch, first_offset FROM epoch ORDER BY number")
    var entries: [(epoch: UInt64, firstOffset: UInt64)] = []
    while try rows.step() { entries.append((rows.unsigned(0), rows.unsigned(1))) }
    entries.append((epoch, marks.tip))
    let retained = entries.lastIndex { $0.firstOffset <= marks.firstRetained } ?? 0
    let forgotten = entries[..<retained].map(\.epoch)
    entries.removeFirst(retained)
    do {
      try database.write { () throws(SQLiteError) in
        let insert = try database.prepare("INSERT INTO epoch(epoch, first_offset) VALUES (?1, ?2)")
        insert.bind(1, epoch)
        insert.bind(2, marks.tip)
        try insert.run()
        let delete = try database.prepare("DELETE FROM epoch WHERE epoch = ?1")
        for epoch in forgotten {
          delete.bind(1, epoch)
          try delete.run()
        }
      }
    } catch let error where error.isFull {
      // History must be readable with a full disk too. Without its row the epoch is not known after the next
      // opening: readers reset then, and nothing is lost by it.
      options.notice(LogNotice(kind: .diskFull, message: "the disk of \(files.directory) is full"))
    }
    return EpochTable(entries)
  }
}

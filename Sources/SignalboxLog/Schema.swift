import CSQLite

/// The tables; `docs/log.md` explains them.
enum Schema {
  /// "SBox": tells our files from other SQLite databases.
  static let applicationID: Int64 = 0x5342_6F78
  static let version: Int64 = 1

  static let tables = """
    CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE epoch(number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, first_offset INTEGER NOT NULL);
    CREATE TABLE tail(
      first_offset INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL,
      codec INTEGER NOT NULL, size INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE segment(
      first_offset INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL,
      size INTEGER NOT NULL, directory BLOB NOT NULL, members BLOB NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE member(
      key INTEGER NOT NULL, segment INTEGER NOT NULL, blocks INTEGER NOT NULL,
      PRIMARY KEY(key, segment)) WITHOUT ROWID;
    CREATE TABLE type(name TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE span(
      key INTEGER PRIMARY KEY, span TEXT NOT NULL, first_offset INTEGER NOT NULL,
      last_offset INTEGER NOT NULL, as_of INTEGER NOT NULL, status INTEGER NOT NULL, reason TEXT, message TEXT,
      trace TEXT, trace_key INTEGER, opens_trace INTEGER NOT NULL,
      is_mixed INTEGER NOT NULL, parent TEXT, session TEXT,
      session_key INTEGER, chain TEXT, kind TEXT, type TEXT, name TEXT, provider TEXT, model TEXT,
      started INTEGER NOT NULL, ended INTEGER, first_delta INTEGER, deltas INTEGER NOT NULL,
      next_index INTEGER NOT NULL, later_indexes BLOB, seen INTEGER NOT NULL, producer TEXT, usage TEXT);
    CREATE INDEX span_trace ON span(trace_key, first_offset) WHERE trace_key IS NOT NULL;
    CREATE INDEX span_session ON span(session_key, first_offset) WHERE session_key IS NOT NULL;
    CREATE INDEX span_opens_trace ON span(first_offset) WHERE opens_trace = 1;
    CREATE INDEX span_running ON span(first_offset) WHERE status = 0;
    CREATE INDEX span_ended ON span(last_offset) WHERE status <> 0;
    CREATE TABLE producer(
      name TEXT PRIMARY KEY, as_of INTEGER NOT NULL, next_seq INTEGER NOT NULL, later_seqs BLOB,
      seen INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE recent_id(first_offset INTEGER PRIMARY KEY, ids BLOB NOT NULL);
    """

  /// What every connection that writes is set to.
  ///
  /// Checkpoints run on a thread of their own, so the automatic ones are off. Debian's SQLite overwrites what
  /// is deleted with zeros unless told not to, which would write every merged event twice more.
  static func settings(durability: Durability) -> String {
    """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = \(durability == .full ? "FULL" : "NORMAL");
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA secure_delete = OFF;
    PRAGMA cache_size = -8000;
    PRAGMA temp_store = MEMORY;
    """
  }

  enum Standing: Equatable {
    case fresh, ours
    /// Why the file cannot be used.
    case unusable(String)
  }

  /// Whether the file is new, ours, or something else.
  static func standing(of database: Database) throws(SQLiteError) -> Standing {
    let application = try database.integer("PRAGMA application_id") ?? 0
    let version = try database.integer("PRAGMA user_version") ?? 0
    let tables = try database.integer("SELECT count(*) FROM sqlite_schema") ?? 0
    if application == 0, version == 0, tables == 0 { return .fresh }
    guard application == applicationID else { return .unusable("is a database of another program") }
    guard version == Self.version else {
      return .unusable(
        "was written by another version of Signalbox (format \(version), this is \(Self.version))")
    }
    return .ours
  }

  static func create(in database: Database) throws(SQLiteError) {
    try database.write { () throws(SQLiteError) in
      try database.execute(tables)
      try database.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version);")
    }
  }
}

import Synchronization
import Wire

/// What the threads of one log share: queues, marks and counters, each safe by itself.
final class LogCore: Sendable {
  let options: LogOptions
  let files: LogFiles
  let inbox: Inbox
  let tail: TailCache
  /// Held by whoever writes to the database; taken before SQLite's own lock.
  let turn = TurnLock()
  let epochs: Guarded<EpochTable>
  let observers = Guarded<[@Sendable (CommittedBatch) -> Void]>([])
  /// Called when a commit's senders have been answered.
  let answered = Guarded<[@Sendable () -> Void]>([])
  let metrics = Guarded(LogMetrics())
  let upkeep = Guarded(UpkeepCalls())
  let checkpoint = Guarded(CheckpointCalls())
  /// The database's own keyed hash, for ids that somebody chooses.
  let hash: SipHash
  /// When the log was opened, by its clock, nanoseconds.
  let openedAt: Int64

  /// The offset the next event gets.
  let tip: Atomic<UInt64>
  /// The first offset that is not trimmed.
  let firstRetained: Atomic<UInt64>
  /// The first offset that is not in a sealed segment.
  let sealedUpTo: Atomic<UInt64>
  /// All rows of spans and producers know the events before this offset, so those may be sealed.
  let savedUpTo: Atomic<UInt64>
  /// Rows of `recent_id` before this offset are outside the window.
  let idFloor = Atomic<UInt64>(0)
  /// Set while commits fail; upkeep probes whether they would work again.
  let isUnavailable = Atomic<Bool>(false)
  /// Set when the database turned out to be damaged: it stays unavailable until it is opened again.
  let isDamaged = Atomic<Bool>(false)

  init(options: LogOptions, files: LogFiles, marks: LogMarks, epochs: EpochTable, hash: SipHash) {
    self.options = options
    self.files = files
    self.hash = hash
    self.epochs = Guarded(epochs)
    inbox = Inbox(maxEvents: options.maxPendingEvents, maxBytes: options.maxPendingBytes)
    tail = TailCache(maxBytes: options.tailBytes)
    openedAt = options.now().nanoseconds
    tip = Atomic(marks.tip)
    firstRetained = Atomic(marks.firstRetained)
    sealedUpTo = Atomic(marks.sealedUpTo)
    savedUpTo = Atomic(marks.sealedUpTo)
  }

  var currentEpoch: UInt64 { epochs.with { $0.current } }

  func position(of offset: UInt64) -> Position {
    Position(epoch: epochs.with { $0.epoch(of: offset) }, offset: offset)
  }

  /// Whether a whole segment of events may be sealed, as far as their number tells.
  var hasSegmentToSeal: Bool {
    savedUpTo.load(ordering: .acquiring)
      >= sealedUpTo.load(ordering: .acquiring) + UInt64(options.segmentEvents)
  }

  func notify(_ kind: LogNotice.Kind, _ message: String) {
    options.notice(LogNotice(kind: kind, message: message))
  }
}

/// Offsets that say how far the database has come.
struct LogMarks {
  var tip: UInt64 = 1
  var firstRetained: UInt64 = 1
  var sealedUpTo: UInt64 = 1

  /// Reads them from the tables. The log is one run of offsets: trimmed, sealed, then the tail.
  init(_ database: Database) throws(SQLiteError) {
    let trimmed = try database.integer("SELECT value FROM meta WHERE key = 'first_retained'") ?? 1
    let sealed = try database.integer(
      "SELECT first_offset + count FROM segment ORDER BY first_offset DESC LIMIT 1")
    let tail = try database.integer(
      "SELECT first_offset + count FROM tail ORDER BY first_offset DESC LIMIT 1")
    firstRetained = UInt64(max(trimmed, 1))
    sealedUpTo = max(UInt64(max(sealed ?? 1, 1)), firstRetained)
    tip = max(UInt64(max(tail ?? 1, 1)), sealedUpTo)
  }
}

/// What the upkeep thread is asked to do.
struct UpkeepCalls {
  var shouldSeal = false
  /// Commits failed: find out whether they would work again.
  var shouldProbe = false
  /// How many full turns somebody waits for, and how many were made.
  var requested: UInt64 = 0
  var finished: UInt64 = 0
  var isStopping = false
}

/// What the checkpoint thread is asked to do.
struct CheckpointCalls {
  /// Pages in the write-ahead log after the last commit.
  var pages = 0
  /// As many make a checkpoint due.
  var due = 0
  var isStopping = false
}

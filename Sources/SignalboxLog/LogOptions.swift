package import Wire

/// How much an acknowledged event survives.
package enum Durability: String, Sendable, CaseIterable {
  /// Survives the end of the process, `kill -9` included; a power loss may take the last commits.
  case normal
  /// Survives a power loss too: every commit waits for the disk (fsync).
  case full
}

/// How a log is kept.
package struct LogOptions: Sendable {
  /// The folder of the log's files; made (0700) when it is not there.
  package var directory: String
  package var durability = Durability.normal
  /// Events older than this many days are trimmed; nil keeps them.
  package var retainDays: Double?
  /// The oldest events are trimmed beyond this many bytes of database; nil keeps them.
  package var retainBytes: Int64?

  /// Events of a sealed segment; the unit of merging and of retention.
  package var segmentEvents = 4096
  /// A segment is sealed with fewer events once they make up this many bytes: what one transaction writes
  /// bounds the longest wait of a commit.
  package var segmentBytes = 2 << 20
  /// Bytes of a segment's block: what a reader inflates at least.
  package var blockBytes = 32 << 10
  /// Most events and bytes of one commit; a single batch may be larger.
  package var commitEvents = 4096
  package var commitBytes = 2 << 20
  /// Bytes that a file holds free for the day the disk is full. 0: none.
  package var reserveBytes = 64 << 20
  /// How many of the last event ids that producers gave are remembered to recognise duplicates.
  package var idWindow = 65_536
  /// Most events and bytes that wait to be committed; beyond them submissions are refused.
  package var maxPendingEvents = 100_000
  package var maxPendingBytes = 64 << 20
  /// Most bytes of unsealed events kept in memory for readers at the tail.
  package var tailBytes = 16 << 20
  /// Most spans kept in memory; those unused the longest go back to their rows.
  package var spansInMemory = 65_536

  /// Nanoseconds between two looks at retention and at silent spans that nobody asked for; five seconds.
  package var upkeepInterval: UInt64 = 5_000_000_000
  /// When spans without a sign of life count as lost.
  package var lease = LeaseRules()
  /// Makes what decides, on the writer's thread, how much of each event is stored; nil: all is.
  package var cleaner: (@Sendable () -> any EventCleaner)?
  /// The wall clock; tests put their own.
  package var now: @Sendable () -> Timestamp = { Timestamp.now() }
  /// Told of what an operator should know, on a thread of the log's. It must not call back into the log.
  package var notice: @Sendable (LogNotice) -> Void = { _ in }

  /// Test seam: the database may grow to this many pages (PRAGMA max_page_count), as if the disk ended there.
  package var maxPages: Int?

  package init(directory: String) { self.directory = directory }
}

/// When a span whose producer is silent counts as lost.
package struct LeaseRules: Sendable {
  /// Silence after which the open spans of a producer that has sent heartbeats are lost, seconds.
  package var producerSilence = 60
  /// Silence after which a span without such a producer is lost, by its kind, seconds.
  package var silence: [String: Int] = [
    "llm": 600, "retrieval": 600, "tool": 1800, "step": 3600, "chain": 21_600, "agent": 21_600,
  ]
  /// The same for kinds not named there.
  package var otherSilence = 21_600

  package init() {}
}

/// Something an operator should know.
package struct LogNotice: Sendable {
  package enum Kind: String, Sendable {
    /// A damaged or foreign file was renamed and a fresh log begun.
    case setAside
    /// Events that had been stored are not there any more: the write-ahead log lost its end.
    case shortened
    /// The disk is full: submissions are refused.
    case diskFull
    /// There is room again.
    case recovered
    /// The database turned out to be damaged: submissions are refused until it is opened again.
    case damaged
    /// A segment could not be read: readers get a gap.
    case damagedSegment
    /// Upkeep (merging, trimming, checkpoints) failed and is tried again.
    case upkeepFailed
    /// A file of keys changed and cannot be used.
    case keyFile
  }

  package let kind: Kind
  package let message: String

  package init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }
}

/// Why a log could not be opened.
package struct LogError: Error, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// The folder cannot be made or written.
    case folder
    /// Another process has the log open.
    case inUse
    /// SQLite refused for another reason.
    case database
  }

  package let code: Code
  package let message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}

/// Counters and gauges of a log, as they stood at one moment.
package struct LogMetrics: Sendable {
  /// Since the log was opened.
  package var commits: UInt64 = 0
  package var stored: UInt64 = 0
  package var duplicates: UInt64 = 0
  package var late: UInt64 = 0
  /// Bytes of the events stored, as JSON.
  package var storedBytes: UInt64 = 0
  /// Batches refused because the queue was full, or the disk.
  package var refused: UInt64 = 0
  /// Batches whose commit failed.
  package var failed: UInt64 = 0
  /// Spans closed because their producer went silent.
  package var lost: UInt64 = 0
  package var sealedSegments: UInt64 = 0
  package var sealedEvents: UInt64 = 0
  package var trimmedEvents: UInt64 = 0
  package var damagedSegments: UInt64 = 0
  package var checkpoints: UInt64 = 0

  /// Waiting to be committed.
  package var pendingEvents = 0
  package var pendingBytes = 0
  /// Committed and not yet sealed.
  package var unsealedEvents: UInt64 = 0
  package var spansInMemory = 0
  package var databaseBytes: Int64 = 0
  package var walBytes: Int64 = 0
  package var isDiskFull = false

  /// How long commits took, from the first statement to the end of COMMIT.
  package var commitLatency = LatencyHistogram()

  package init() {}
}

/// Durations counted in buckets whose bounds double: 50 µs, 100 µs, … 1.6 s.
package struct LatencyHistogram: Sendable {
  /// Upper bounds in nanoseconds; the last bucket has none.
  package static let bounds: [UInt64] = (0..<16).map { 50_000 << UInt64($0) }

  /// Counts by bucket, one more than there are bounds.
  package private(set) var counts = [UInt64](repeating: 0, count: 17)
  package private(set) var count: UInt64 = 0
  /// Nanoseconds.
  package private(set) var sum: UInt64 = 0
  package private(set) var longest: UInt64 = 0

  package init() {}

  package mutating func record(nanoseconds: UInt64) {
    let bucket = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
    counts[bucket] += 1
    count += 1
    sum += nanoseconds
    longest = max(longest, nanoseconds)
  }
}

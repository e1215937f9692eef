package import Wire

/// A stretch of the log as one reader saw it: the events that match, and how far it looked.
package struct LogPage: Sendable {
  /// The events, in order.
  package let batch: EventBatch
  /// Their offsets.
  package let offsets: [UInt64]
  /// Every event up to this offset was looked at: go on after it.
  package let scannedTo: UInt64
  /// Stretches that were stored and cannot be given: say so to whoever reads.
  package let gaps: [Gap]

  package struct Gap: Sendable, Equatable {
    package enum Reason: String, Sendable { case trimmed, damaged }
    package let offsets: Range<UInt64>
    package let reason: Reason
  }

  package var count: Int { offsets.count }
}

/// Collects the events of a page until a limit is met.
struct PageBuilder: ~Copyable {
  private var builder = EventBatchBuilder(capacity: 16 << 10, events: 64)
  private var offsets: [UInt64] = []
  private(set) var gaps: [LogPage.Gap] = []
  private let maxEvents: Int
  private let maxBytes: Int

  init(maxEvents: Int, maxBytes: Int) {
    self.maxEvents = max(maxEvents, 1)
    self.maxBytes = maxBytes
  }

  var isFull: Bool { offsets.count >= maxEvents || (offsets.count > 0 && builder.byteCount >= maxBytes) }

  mutating func append(_ slot: EventSlot, from bytes: UnsafeRawBufferPointer, offset: UInt64) {
    builder.append(copying: slot, from: bytes, inheriting: Inherited())
    offsets.append(offset)
  }

  mutating func addGap(_ range: Range<UInt64>, _ reason: LogPage.Gap.Reason) {
    if !range.isEmpty { gaps.append(.init(offsets: range, reason: reason)) }
  }

  consuming func finish(scannedTo: UInt64) -> LogPage {
    LogPage(batch: builder.finish(), offsets: offsets, scannedTo: scannedTo, gaps: gaps)
  }
}

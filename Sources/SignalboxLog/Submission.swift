package import Wire

/// Whether a batch was taken into the queue.
package enum SubmitAdmission: Sendable, Equatable {
  /// The completion will be called, exactly once.
  case accepted
  /// The queue is full; the completion is never called. Try again after as many seconds.
  case overloaded(retryAfter: Int)
  /// The disk is full or the log is damaged; the completion is never called.
  case unavailable(retryAfter: Int, message: String)
  /// The log was closed; the completion is never called.
  case closed
}

/// What became of a batch.
package struct SubmitResult: Sendable, Equatable {
  /// Events that were stored, and are durable now.
  package var stored = 0
  /// Events that had been stored before and were not stored again.
  package var duplicates = 0
  /// Of those stored, how many came after the end of their span.
  package var late = 0
  /// The position of the last event that was stored; where all were duplicates, the log's last position.
  package var position: Position
  /// Set when nothing was stored because the disk is full or failed; the batch may be sent again.
  package var failure: Failure?

  package struct Failure: Sendable, Equatable {
    package let retryAfter: Int
    package let message: String
  }
}

/// A batch on its way to the writer.
struct Submission {
  let batch: EventBatch
  /// Called on the writer's thread after the commit; it must only enqueue.
  let completion: @Sendable (SubmitResult) -> Void
}

/// The events of one commit, as every downstream gets them: the same immutable object for all.
package final class CommittedBatch: Sendable {
  package let epoch: UInt64
  /// The offset of the first event; those of the others follow without a hole.
  package let firstOffset: UInt64
  package let batch: EventBatch

  package init(epoch: UInt64, firstOffset: UInt64, batch: EventBatch) {
    self.epoch = epoch
    self.firstOffset = firstOffset
    self.batch = batch
  }

  package var bytes: SharedBytes { batch.bytes }
  package var slots: [EventSlot] { batch.slots }
  package var count: Int { batch.count }
  /// The offset behind the last event.
  package var endOffset: UInt64 { firstOffset + UInt64(batch.count) }

  package func position(_ index: Int) -> Position {
    Position(epoch: epoch, offset: firstOffset + UInt64(index))
  }
}

package import Wire

/// Decides what of an event is stored, right before it is: behind the recognition of what is stored already, in the
/// log's order, on the writer's thread only.
package protocol EventCleaner: AnyObject {
  /// A commit begins: what is cleaned from here on can be taken back.
  func begin()

  /// What is to be stored instead of an event: itself last, before it deltas that had been held back. Nil: the event as
  /// it is. An event keeps its id, span, phase and index.
  ///
  /// - Parameters:
  ///   - bytes: those of the event's batch.
  ///   - nextIndex: the index that follows those of the span's stored deltas; nil: the span has ended.
  func clean(_ slot: EventSlot, of bytes: UnsafeRawBufferPointer, nextIndex: Int64?) -> EventBatch?

  /// The commit failed; its events will come again.
  func rollBack()
}

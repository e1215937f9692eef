/// Gathers events and hands them to a handler many at a time; every event also goes on to the next stage.
///
/// A batch is handed over when it has enough events or bytes, when its first event has waited long enough, and
/// at the end of the stream. One batch at a time is with the handler, in order. When the handler throws, the batch
/// is tried again, then given to `failed`.
public struct Batch: PipelineStage {
  /// What happens to an event for which there is no room, because the handler is slow.
  public enum Overflow: Sendable, Hashable {
    /// Its producer waits: nothing is lost.
    case wait
    /// It is dropped and counted.
    case dropNewest
    /// The event that has waited longest is dropped and counted.
    case dropOldest
  }

  typealias Handler = @Sendable ([StreamEvent]) async throws -> Void
  typealias Failed = @Sendable ([StreamEvent], any Error) async -> Void

  let limits: BatchLimits
  let retries: Int
  let retryDelay: Duration
  let handler: Handler
  let failed: Failed?

  /// - Parameters:
  ///   - count: Events of a batch, at least 1.
  ///   - bytes: About how many bytes of memory make a batch, however few events they are. Default 1 MiB.
  ///   - interval: How long an event waits for others at most; nil: until the batch is full or the stream ends.
  ///   - capacity: Events that may wait or be with the handler. Default ten batches; at least one.
  ///   - capacityBytes: Their bytes. Default 16 MiB; a single event is taken whatever its size.
  ///   - whenFull: What becomes of further events. Default: their producer waits.
  ///   - retries: How often a batch is tried again. Default 2.
  ///   - retryDelay: How long before that; a stream's end does not wait for it. Default 200 ms.
  ///   - failed: Given the batch that was tried for the last time; without it the batch is counted and dropped.
  ///   - handler: Takes a batch.
  public init(
    _ count: Int = 100, bytes: Int = 1 << 20, within interval: Duration? = .seconds(1), capacity: Int? = nil,
    capacityBytes: Int = 16 << 20, whenFull: Overflow = .wait, retries: Int = 2,
    retryDelay: Duration = .milliseconds(200),
    failed: (@Sendable (_ batch: [StreamEvent], _ error: any Error) async -> Void)? = nil,
    _ handler: @escaping @Sendable (_ batch: [StreamEvent]) async throws -> Void
  ) {
    let count = max(1, count)
    limits = BatchLimits(
      count: count, bytes: max(1, bytes), interval: interval.map { Int64($0.nanoseconds) },
      capacity: max(count, capacity ?? count * 10), capacityBytes: max(1, capacityBytes), overflow: whenFull)
    self.retries = max(0, retries)
    self.retryDelay = retryDelay
    self.failed = failed
    self.handler = handler
  }

  public var step: PipelineStep { PipelineStep(name: "Batch", work: .batch(self)) }
}

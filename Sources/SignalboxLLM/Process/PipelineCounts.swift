/// What a pipeline has done so far.
///
/// `received` = `passed` + what the stages dropped + what is on its way through them.
public struct PipelineCounts: Sendable, Hashable {
  /// Events that came in.
  public var received: Int
  /// Events that came out at the end.
  public var passed: Int
  /// By stage, in their order.
  public var stages: [StageCounts]

  /// Events that some stage dropped.
  public var dropped: Int { stages.reduce(0) { $0 + $1.dropped } }
  /// Errors that some stage threw.
  public var failures: Int { stages.reduce(0) { $0 + $1.failures + ($1.batch?.failures ?? 0) } }
}

/// What one stage of a pipeline has done so far.
public struct StageCounts: Sendable, Hashable {
  /// The stage's type: `Filter`, `Batch`, ….
  public var name: String
  /// Events that ended here: a filter said no or failed, a sample or a rate left them out.
  public var dropped: Int
  /// Errors that its predicate or transformer threw.
  public var failures: Int
  /// What became of the events in its batches; nil for any other stage.
  public var batch: BatchCounts?
}

/// What became of the events that came to a `Batch`.
///
/// `taken` = `delivered` + `undelivered` + `waiting` + the part of `overflowed` that had been taken.
public struct BatchCounts: Sendable, Hashable {
  /// Events that were taken in.
  public var taken = 0
  /// Events of batches that the handler took.
  public var delivered = 0
  /// Batches that the handler took.
  public var batches = 0
  /// Calls of the handler that threw.
  public var failures = 0
  /// Events of batches that were given up after their last try; `failed` was handed them, where there is one.
  public var undelivered = 0
  /// Events that a full batch dropped, the newest or the oldest.
  public var overflowed = 0
  /// Events that wait or are with the handler, and about how many bytes they are.
  public var waiting = 0
  public var waitingBytes = 0
}

/// An error that a stage of a pipeline threw.
public struct PipelineProblem: Sendable {
  /// The stage's type: `Filter`, `Transform`, `Batch`, ….
  public var stage: String
  public var error: any Error
  /// The event, or the batch, that it happened with.
  public var events: [StreamEvent]
}

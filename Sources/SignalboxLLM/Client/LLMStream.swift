internal import Signalbox

/// The events of one call, pulled by one reader: a start first; then deltas, usage and restarts; last, exactly one
/// completion or error. It never throws: a failure is its last event.
///
/// Events come as they are asked for, and what waits meanwhile is bounded: a reader that stops reading stops the
/// connection. Letting go of the iterator, or cancelling the task that reads, cancels the request.
public struct LLMStream: AsyncSequence, Sendable {
  public typealias Element = StreamEvent
  public typealias Failure = Never

  private let plan: CallPlan
  private let isTaken = Locked(false)

  init(_ plan: CallPlan) { self.plan = plan }

  /// The correlation id that all its events carry.
  public var requestID: String { plan.requestID }

  /// The call begins when its first event is asked for. A stream is read once: a second iterator finds an error.
  public func makeAsyncIterator() -> Iterator {
    let isFirst = isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
    return Iterator(call: LLMCall(plan, isRepeated: !isFirst))
  }

  public struct Iterator: AsyncIteratorProtocol {
    let call: LLMCall

    public mutating func next() async -> StreamEvent? { await next(isolation: nil) }

    public mutating func next(isolation actor: isolated (any Actor)?) async -> StreamEvent? {
      await call.next()
    }
  }
}

extension AsyncSequence where Element == StreamEvent {
  /// The events that come out of the pipeline at its end.
  ///
  /// However the sequence ends (at its end, with an error, by cancellation, or because its reader stops), the
  /// batches that wait are handed on.
  public func processed(by pipeline: Pipeline) -> ProcessedEvents<Self> {
    ProcessedEvents(base: self, pipeline: pipeline)
  }
}

/// A sequence of events behind a pipeline.
public struct ProcessedEvents<Base: AsyncSequence>: AsyncSequence where Base.Element == StreamEvent {
  public typealias Element = StreamEvent
  public typealias Failure = Base.Failure

  let base: Base
  let pipeline: Pipeline

  public func makeAsyncIterator() -> Iterator {
    Iterator(base: base.makeAsyncIterator(), closer: Closer(pipeline))
  }

  public struct Iterator: AsyncIteratorProtocol {
    private var base: Base.AsyncIterator
    private let closer: Closer

    fileprivate init(base: Base.AsyncIterator, closer: Closer) {
      self.base = base
      self.closer = closer
    }

    public mutating func next() async throws(Base.Failure) -> StreamEvent? {
      try await next(isolation: nil)
    }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(Base.Failure) -> StreamEvent? {
      do throws(Base.Failure) {
        while let event = try await base.next(isolation: actor) {
          if let event = await closer.pipeline.process(event) { return event }
        }
      } catch {
        await closer.pipeline.finish()
        throw error
      }
      await closer.pipeline.finish()
      return nil
    }
  }
}

extension ProcessedEvents: Sendable where Base: Sendable {}

/// Hands on what waits when an iterator is let go of.
private final class Closer: Sendable {
  let pipeline: Pipeline

  init(_ pipeline: Pipeline) { self.pipeline = pipeline }

  deinit { pipeline.finishSoon() }
}

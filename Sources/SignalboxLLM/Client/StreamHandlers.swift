internal import Signalbox

/// What to call as a reply comes: any of the closures, synchronous or not, each awaited before the next event.
///
/// They run where `generate` was called, so that they may change its caller's variables. One that throws is counted
/// and reported to `failure`; neither the call nor another handler notices.
public struct StreamHandlers {
  public typealias Handler<Value> = nonisolated(nonsending) (Value) async throws -> Void

  private struct Set {
    var start: Handler<StreamStart>?
    var delta: Handler<StreamDelta>?
    var usage: Handler<StreamUsage>?
    var complete: Handler<StreamComplete>?
    var error: Handler<StreamError>?
    var restart: Handler<StreamRestart>?
    var all: Handler<StreamEvent>?
    let report: Report
  }

  /// Shared by the copies of a set, so that a merged one counts for its parts.
  private final class Report {
    var count = 0
    let told: ((HandlerFailure) -> Void)?

    init(_ told: ((HandlerFailure) -> Void)?) { self.told = told }
  }

  private var sets: [Set]

  public init(
    start: Handler<StreamStart>? = nil, delta: Handler<StreamDelta>? = nil,
    usage: Handler<StreamUsage>? = nil,
    complete: Handler<StreamComplete>? = nil, error: Handler<StreamError>? = nil,
    restart: Handler<StreamRestart>? = nil, failure: ((HandlerFailure) -> Void)? = nil
  ) {
    sets = [
      Set(
        start: start, delta: delta, usage: usage, complete: complete, error: error, restart: restart,
        report: Report(failure))
    ]
  }

  /// One handler for every event: a pipeline's `handle`, a collector's `record`, ….
  public init(all: @escaping Handler<StreamEvent>, failure: ((HandlerFailure) -> Void)? = nil) {
    sets = [Set(all: all, report: Report(failure))]
  }

  /// These handlers, and then those.
  public func merging(_ others: StreamHandlers) -> StreamHandlers {
    var merged = self
    merged.sets += others.sets
    return merged
  }

  /// How many calls of a handler threw.
  public var failureCount: Int { sets.reduce(0) { $0 + $1.report.count } }

  /// Calls the handlers that an event has.
  nonisolated(nonsending) func handle(_ event: StreamEvent) async {
    for set in sets {
      do {
        try await set.all?(event)
        switch event {
        case .start(let event): try await set.start?(event)
        case .delta(let event): try await set.delta?(event)
        case .usage(let event): try await set.usage?(event)
        case .complete(let event): try await set.complete?(event)
        case .error(let event): try await set.error?(event)
        case .restart(let event): try await set.restart?(event)
        }
      } catch {
        set.report.count += 1
        set.report.told?(HandlerFailure(event: event.type, error: error))
      }
    }
  }
}

/// A handler threw.
public struct HandlerFailure: Sendable, CustomStringConvertible {
  /// The type of the event that it was given: `llm.delta`, ….
  public var event: String
  public var error: any Error

  public init(event: String, error: any Error) {
    self.event = event
    self.error = error
  }

  public var description: String { "the handler of \(event) failed: \(error)" }
}

import Signalbox

/// When a server is asked whether traces that run here were cancelled there: while any runs that it was told of, and
/// only where nothing is sent anyway, for every answer tells. Pure.
struct CancelListener {
  enum Step: Equatable {
    case ask(producer: String)
    /// Something was sent since the last time.
    case skip
    case end
  }

  /// Traces that are asked for at most.
  private static let limit = 256

  private(set) var traces: Set<TraceID> = []
  private var producer = ""
  private var hasSent = false
  private var isListening = false
  private var isClosed = false

  /// A batch arrived whose traces run here; true when the asking is to begin.
  mutating func sent(_ traces: Set<TraceID>, producer: String) -> Bool {
    self.producer = producer
    hasSent = true
    for trace in traces where self.traces.count < Self.limit { self.traces.insert(trace) }
    guard !isClosed, !isListening, !self.traces.isEmpty else { return false }
    isListening = true
    return true
  }

  /// The interval has passed. `running` are those of `known` that still run; others may have come meanwhile.
  mutating func next(running: Set<TraceID>, of known: Set<TraceID>) -> Step {
    traces.subtract(known.subtracting(running))
    guard !isClosed, !traces.isEmpty else {
      isListening = false
      return .end
    }
    defer { hasSent = false }
    return hasSent ? .skip : .ask(producer: producer)
  }

  mutating func close() { isClosed = true }
}

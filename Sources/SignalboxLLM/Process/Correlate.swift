import Signalbox

/// Adds `correlation_id` to the metadata: what ties events, logs and requests of one call together.
///
/// An event that has one keeps it. Unless something else is said it is the request's id, else the stream's, else
/// one that is made up for the pipeline.
public struct Correlate: PipelineStage {
  public let step: PipelineStep

  /// By the ids that the events carry.
  public init() {
    let fallback = EventID.generate().description
    self.init { event in
      let info = event.info
      return info.requestID.isEmpty ? (info.streamID.isEmpty ? fallback : info.streamID) : info.requestID
    }
  }

  /// The same id for all.
  public init(id: String) {
    self.init { _ in id }
  }

  /// By a rule of your own.
  public init(_ id: @escaping @Sendable (StreamEvent) throws -> String) {
    step = PipelineStep(
      name: "Correlate",
      work: .change { event, _ in
        if event.metadata["correlation_id"] == nil {
          event.note("correlation_id", .string(try id(event)))
        }
        return true
      })
  }
}

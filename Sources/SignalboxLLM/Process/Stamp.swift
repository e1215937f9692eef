/// Adds `processed_at` to the metadata: when the event came by, seconds since 1970-01-01T00:00:00Z. An event
/// without a timestamp gets that one, too.
public struct Stamp: PipelineStage {
  public init() {}

  public var step: PipelineStep {
    PipelineStep(
      name: "Stamp",
      work: .change { event, clock in
        let now = Double(clock.now()) / 1e9
        event.note("processed_at", .double(now))
        if event.info.timestamp == 0 { event.info.timestamp = now }
        return true
      })
  }
}

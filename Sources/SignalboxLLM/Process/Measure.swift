import Signalbox

/// Adds to the metadata how fast a stream is, by its events' own timestamps.
///
/// Deltas get `is_first_token` and `gap_ms` (since the last delta); the first one and what ends the stream get
/// `ttft_ms` (time to first token); what ends it gets `total_duration_ms`, `chunks` and, where the tokens are known,
/// `tokens_per_second`.
public struct Measure: PipelineStage {
  private let streams: Int

  /// `streams`: how many are measured at once; beyond that the oldest is forgotten. Default 4096.
  public init(streams: Int = 4096) { self.streams = streams }

  public var step: PipelineStep {
    let table = Locked(StreamTable<StreamMeasure>(limit: streams))
    return PipelineStep(
      name: "Measure",
      work: .change { event, _ in
        let key = event.streamKey
        let measure = table.withLock { table in
          let measure = table.update(key, initial: StreamMeasure()) { measure in
            measure.record(event, keepsGaps: false)
            return measure
          }
          if event.isTerminal { _ = table.remove(key) }
          return measure
        }
        measure.describe(&event)
        return true
      })
  }
}

extension StreamMeasure {
  /// Writes what was measured into the metadata of the event that was recorded last.
  fileprivate func describe(_ event: inout StreamEvent) {
    if case .delta = event {
      event.note("is_first_token", .bool(chunks == 1))
      if let lastGapMS { event.note("gap_ms", .double(lastGapMS)) }
      if chunks == 1, let firstTokenMS { event.note("ttft_ms", .double(firstTokenMS)) }
    } else if event.isTerminal {
      if let firstTokenMS { event.note("ttft_ms", .double(firstTokenMS)) }
      if let durationMS { event.note("total_duration_ms", .double(durationMS)) }
      event.note("chunks", .int(Int64(chunks)))
      if let tokensPerSecond { event.note("tokens_per_second", .double(tokensPerSecond)) }
    }
  }
}

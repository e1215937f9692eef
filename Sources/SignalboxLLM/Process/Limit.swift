import Signalbox

/// Drops deltas beyond a rate (a token bucket); what is no delta always passes.
public struct Limit: PipelineStage {
  private let rate: Double
  private let burst: Double

  /// - Parameters:
  ///   - rate: Deltas a second, over all streams.
  ///   - burst: How many may come at once; default: those of a second, at least 1.
  public init(perSecond rate: Double, burst: Int? = nil) {
    self.rate = rate.isFinite ? max(0, rate) : .greatestFiniteMagnitude
    self.burst = max(1, burst.map(Double.init) ?? self.rate)
  }

  public var step: PipelineStep {
    let rate = rate
    let burst = burst
    let bucket = Locked<(tokens: Double, at: Int64?)>((burst, nil))
    return PipelineStep(
      name: "Limit",
      work: .change { event, clock in
        guard case .delta = event else { return true }
        let now = clock.now()
        return bucket.withLock { bucket in
          // A clock that was set back adds nothing and takes nothing.
          if let at = bucket.at, now > at {
            bucket.tokens = min(burst, bucket.tokens + Double(now - at) / 1e9 * rate)
          }
          bucket.at = now
          guard bucket.tokens >= 1 else { return false }
          bucket.tokens -= 1
          return true
        }
      })
  }
}

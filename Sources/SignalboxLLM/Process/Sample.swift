/// Lets a share of the streams through, each whole; or a share of the deltas.
///
/// Which ones follows from their ids: the same stream is in or out in every process.
public struct Sample: PipelineStage {
  /// What is in or out as one.
  public enum Unit: Sendable, Hashable {
    /// A stream with all its events.
    case stream
    /// A delta; what is no delta always passes.
    case delta
  }

  private let share: Double
  private let unit: Unit

  /// `share`: 0 (none) … 1 (all).
  public init(_ share: Double, of unit: Unit = .stream) {
    self.share = share
    self.unit = unit
  }

  public var step: PipelineStep {
    let unit = unit
    // 53 bits: what a Double holds exactly.
    let bound = UInt64(min(max(share.isNaN ? 0 : share, 0), 1) * Double(UInt64(1) << 53))
    return PipelineStep(
      name: "Sample",
      work: .test { event in
        var hash = Hash(event.streamKey)
        if unit == .delta {
          guard case .delta(let delta) = event else { return true }
          hash.add(UInt64(bitPattern: Int64(delta.chunkIndex)))
        }
        return hash.value >> 11 < bound
      })
  }
}

/// FNV-1a of 64 bits and the finalizer of MurmurHash3: the same everywhere, unlike `Hasher`.
private struct Hash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  init(_ text: String) {
    for byte in text.utf8 { add(byte) }
  }

  mutating func add(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }

  var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ mixed >> 33) &* 0xff51_afd7_ed55_8ccd
    mixed = (mixed ^ mixed >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return mixed ^ mixed >> 33
  }
}

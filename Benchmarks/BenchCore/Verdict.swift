/// How a figure stands against the last committed one.
public enum Verdict: Equatable, Sendable {
  /// The baseline has no such row, or it cannot be compared.
  case new
  /// Within the spread or ten per cent; the relative change.
  case same(Double)
  case faster(Double)
  case slower(Double)

  /// Beyond ten per cent and beyond the spread of either run is a change; less is the machine.
  public init(_ figure: Figure, baseline: Spread?) {
    guard let baseline, baseline.median != 0 else {
      // From nothing to something (losses, stalls) is worse by any measure.
      let isWorse = baseline != nil && figure.better == .lower && figure.spread.median > 0
      self = isWorse ? .slower(.infinity) : .new
      return
    }
    let difference = figure.spread.median - baseline.median
    let change = difference / abs(baseline.median)
    let spread = max(figure.spread.width, baseline.width)
    guard figure.better != .neither, abs(change) > 0.1, abs(difference) > spread else {
      self = .same(change)
      return
    }
    self = (difference > 0) == (figure.better == .higher) ? .faster(change) : .slower(change)
  }

  public var isSlower: Bool {
    if case .slower = self { true } else { false }
  }

  /// `+12 %`, with `slower` or `better` behind it.
  public var text: String {
    switch self {
    case .new: "new"
    case .same(let change): Self.percent(change)
    case .faster(let change): Self.percent(change) + " better"
    case .slower(let change): Self.percent(change) + " slower"
    }
  }

  private static func percent(_ change: Double) -> String {
    guard change.isFinite, abs(change) < 1e6 else { return "from 0:" }
    let rounded = Int((change * 100).rounded())
    return (rounded > 0 ? "+" : rounded < 0 ? "−" : "±") + "\(abs(rounded)) %"
  }
}

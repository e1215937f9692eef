/// Which way a figure is better.
public enum Better: String, Sendable {
  case higher, lower
  /// Only told: a peer's figure, or the size of what was measured.
  case neither
}

/// One row of the results.
public struct Figure: Equatable, Sendable {
  public var `case`: String
  public var name: String
  public var unit: String
  public var spread: Spread
  public var goal: Double?
  public var better: Better

  public init(
    case: String, name: String, unit: String, spread: Spread, goal: Double? = nil, better: Better = .neither
  ) {
    self.case = `case`
    self.name = name
    self.unit = unit
    self.spread = spread
    self.goal = goal
    self.better = better
  }

  /// Whether the goal is reached by the median; `nil` without a goal.
  public var isMet: Bool? {
    guard let goal else { return nil }
    return better == .higher ? spread.median >= goal : spread.median <= goal
  }
}

/// A row that could not be measured, and why.
public struct Absence: Equatable, Sendable {
  public var `case`: String
  public var name: String
  public var reason: String

  public init(case: String, name: String, reason: String) {
    self.case = `case`
    self.name = name
    self.reason = reason
  }
}

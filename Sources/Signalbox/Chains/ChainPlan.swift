/// What steps there are, and how much of the whole each is.
///
/// A step's place is its number in the order in which the steps are written, those of every branch included. The
/// weight of a branch is that of its heaviest case; the steps of a lighter case count for more, so that the whole is
/// always complete at the end.
indirect enum ChainPlan: Sendable {
  case step(name: String, weight: Double)
  /// One after another, or at the same time: for the plan that is the same.
  case all([ChainPlan])
  /// Only one of them.
  case one([ChainPlan])

  var count: Int {
    switch self {
    case .step: 1
    case .all(let parts), .one(let parts): parts.reduce(0) { $0 + $1.count }
    }
  }

  var weight: Double {
    switch self {
    case .step(_, let weight): weight
    case .all(let parts): parts.reduce(0) { $0 + $1.weight }
    case .one(let parts): parts.reduce(0) { max($0, $1.weight) }
    }
  }

  /// The first names, in order.
  func names(atMost limit: Int) -> [String] {
    var names: [String] = []
    collect(&names, limit)
    return names
  }

  private func collect(_ names: inout [String], _ limit: Int) {
    guard names.count < limit else { return }
    switch self {
    case .step(let name, _): names.append(name)
    case .all(let parts), .one(let parts):
      for part in parts { part.collect(&names, limit) }
    }
  }
}

/// Where a part of a chain stands in the plan.
struct ChainPlace: Sendable {
  /// Place of its first step.
  var first = 0
  /// What its steps' weights are multiplied by.
  var scale = 1.0

  /// So many steps further on.
  func advanced(by steps: Int) -> ChainPlace { ChainPlace(first: first + steps, scale: scale) }

  /// Of the case that a branch took.
  func chosen(_ choice: Int, of cases: [ChainPlan]) -> ChainPlace {
    let first = cases[..<choice].reduce(first) { $0 + $1.count }
    let heaviest = ChainPlan.one(cases).weight
    let weight = cases[choice].weight
    return ChainPlace(first: first, scale: weight > 0 ? scale * heaviest / weight : scale)
  }
}

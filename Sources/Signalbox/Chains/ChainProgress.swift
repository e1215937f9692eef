/// How far a chain is: the weights of the steps that are done, and of those under way the part that they say.
///
/// Pure. What it says never falls, and is exactly 1 once all is done.
struct ChainProgress: Sendable {
  private struct Step {
    let weight: Double
    var fraction = 0.0
  }

  private let total: Double
  private var done = 0.0
  /// Steps under way, by place.
  private var steps: [Int: Step] = [:]
  private(set) var fraction = 0.0

  init(total: Double) { self.total = total }

  mutating func begin(_ place: Int, weight: Double) { steps[place] = Step(weight: weight) }

  /// A step says how far it is, from 0 to 1; nil leaves it where it is. Returns nil when it is not under way.
  mutating func report(_ place: Int, _ fraction: Double?) -> Double? {
    guard steps[place] != nil else { return nil }
    if let fraction { steps[place]?.fraction = fraction }
    return rise()
  }

  /// A step is done. Nil when it was not under way.
  mutating func complete(_ place: Int) -> Double? {
    guard let step = steps.removeValue(forKey: place) else { return nil }
    done += step.weight
    return rise()
  }

  /// A case without steps was taken.
  mutating func skip(weight: Double) { done += weight }

  /// A step has failed.
  mutating func abandon(_ place: Int) { steps[place] = nil }

  private mutating func rise() -> Double {
    // Sums of weights that do not add up to the last bit are whole all the same.
    let isDone = steps.isEmpty && done > total * (1 - 1e-9)
    let sum = steps.values.reduce(done) { $0 + $1.weight * $1.fraction }
    let now = isDone ? 1 : total > 0 ? min(sum / total, 1) : 0
    fraction = max(fraction, now)
    return fraction
  }
}

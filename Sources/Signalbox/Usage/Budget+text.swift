/// What is wrong with a budget that was written down.
package struct BudgetError: Error, Equatable, Sendable {
  package let message: String
}

extension Budget {
  /// Reads `tokens=4000, cost=0.05, seconds=30, stall=10`: what the header `x-signalbox-budget` says. A limit that is
  /// not there does not exist; one that makes no sense is an error, for somebody relies on it.
  package init(list text: String) throws(BudgetError) {
    self.init()
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1).map { side in
        String(side.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard sides.count == 2, let limit = Limit(rawValue: sides[0]) else {
        throw BudgetError(message: "x-signalbox-budget: write tokens=4000, cost=0.05, seconds=30, stall=10")
      }
      guard let number = Double(sides[1]), number.isFinite, 0...1e12 ~= number else {
        throw BudgetError(message: "x-signalbox-budget: \(limit.rawValue) must be a number from 0 on")
      }
      set(limit, number)
    }
  }

  /// Sets one limit; times are seconds.
  package mutating func set(_ limit: Limit, _ number: Double) {
    switch limit {
    case .tokens: tokens = Int64(number)
    case .cost: cost = number
    case .seconds: seconds = .seconds(min(number, 1e9))
    case .stall: stall = .seconds(min(number, 1e9))
    }
  }
}

public import Signalbox

/// What calls have used together.
public struct UsageTotals: Sendable, Hashable {
  /// Calls that ended, well or not.
  public var requests = 0
  /// Calls among them that did not end well.
  public var errors = 0
  /// Requests that were sent because an earlier attempt of the same call had failed.
  public var retries = 0
  /// Tokens of each class; a class that nobody told is absent. `provenance` is the weakest of all.
  public var tokens = TokenUsage(provenance: .providerFinal)
  /// Calls whose numbers of tokens are a guess, wholly or in part.
  public var estimated = 0
  /// Calls of which nobody knows the tokens.
  public var uncounted = 0
  /// Sums by currency (ISO 4217).
  public var costs: [String: Amount] = [:]
  /// Calls whose cost is not in `costs`, or not all of it, because nobody knows it.
  public var unpriced = 0
  public var firstToken = TimingTotals()
  public var duration = TimingTotals()

  public init() {}

  /// The sum in one currency.
  public func cost(in currency: String = "USD") -> Double { costs[currency, default: .zero].value }

  mutating func add(_ call: EndedCall) {
    requests += 1
    if call.isError { errors += 1 }
    retries += max(call.attempts - 1, 0)
    if call.usages.isEmpty { uncounted += 1 }
    for usage in call.usages { tokens.add(usage) }
    if call.usages.contains(where: { $0.provenance.confidence != nil }) { estimated += 1 }
    if call.costs.isEmpty || call.costs.contains(where: { $0.amount == nil }) { unpriced += 1 }
    for case .known(let cost) in call.costs { costs[cost.currency, default: .zero] += cost.totalAmount }
    if let firstToken = call.firstTokenMS { self.firstToken.add(firstToken) }
    if let duration = call.durationMS { self.duration.add(duration) }
  }
}

/// How long something took, over many calls; milliseconds.
public struct TimingTotals: Sendable, Hashable {
  /// Calls that were timed.
  public private(set) var count = 0
  /// Of all of them together.
  public private(set) var sum = 0.0
  /// The shortest; nil without any.
  public private(set) var shortest: Double?
  /// The longest; nil without any.
  public private(set) var longest: Double?

  public init() {}

  /// nil without any.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  mutating func add(_ milliseconds: Double) {
    guard milliseconds.isFinite, milliseconds >= 0 else { return }
    count += 1
    sum += milliseconds
    shortest = min(shortest ?? milliseconds, milliseconds)
    longest = max(longest ?? milliseconds, milliseconds)
  }
}

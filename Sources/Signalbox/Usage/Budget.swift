/// What a call, or a run of several, may use before it is ended with the reason `cancelled`. A limit that is nil does
/// not exist.
public struct Budget: Sendable, Hashable {
  /// The limits by the name that the `budget` member of the ending event gives them.
  public enum Limit: String, Sendable, Hashable, CaseIterable {
    case tokens, cost, seconds, stall
  }

  /// Input and output tokens together; estimated while the provider has not counted yet.
  public var tokens: Int64?
  /// Money, in the currency of the price list (US dollars unless prices were overridden). Calls without a known price
  /// are not limited by it.
  public var cost: Double?
  /// Time from the start on.
  public var seconds: Duration?
  /// Time without a sign of life from the model: before the first byte as well as between two.
  public var stall: Duration?

  public init(
    tokens: Int64? = nil, cost: Double? = nil, seconds: Duration? = nil, stall: Duration? = nil
  ) {
    self.tokens = tokens
    self.cost = cost
    self.seconds = seconds
    self.stall = stall
  }

  /// Whether it limits nothing.
  public var isUnlimited: Bool { self == Budget() }

  /// The stricter of two, limit by limit.
  public func tightened(by other: Budget) -> Budget {
    func lesser<Value: Comparable>(_ a: Value?, _ b: Value?) -> Value? {
      guard let a, let b else { return a ?? b }
      return min(a, b)
    }
    return Budget(
      tokens: lesser(tokens, other.tokens), cost: lesser(cost, other.cost),
      seconds: lesser(seconds, other.seconds), stall: lesser(stall, other.stall))
  }

  /// The first limit that is exceeded, in the order of `Limit`; nil: all is within it.
  ///
  /// - Parameters:
  ///   - tokens: input and output so far; nil: not known.
  ///   - cost: so far; nil: not known.
  ///   - elapsed: since the start.
  ///   - idle: since the last sign of life.
  public func exceeded(
    tokens: Int64? = nil, cost: Double? = nil, elapsed: Duration = .zero, idle: Duration = .zero
  ) -> Limit? {
    if let limit = self.tokens, let tokens, tokens > limit { return .tokens }
    if let limit = self.cost, let cost, cost > limit { return .cost }
    if let limit = seconds, elapsed >= limit { return .seconds }
    if let limit = stall, idle >= limit { return .stall }
    return nil
  }

  /// The time at which `seconds` or `stall` runs out next, counted from the start; nil: never.
  public func deadline(lastSign: Duration) -> (limit: Limit, at: Duration)? {
    let stalled = stall.map { lastSign + $0 }
    switch (seconds, stalled) {
    case (nil, nil): return nil
    case (let seconds?, nil): return (.seconds, seconds)
    case (nil, let stalled?): return (.stall, stalled)
    case (let seconds?, let stalled?):
      return seconds <= stalled ? (.seconds, seconds) : (.stall, stalled)
    }
  }

  /// A sentence for people: which limit it was, and how much it allowed.
  public func sentence(_ limit: Limit) -> String {
    switch limit {
    case .tokens: "The budget of \(tokens ?? 0) tokens is used up"
    case .cost: "The budget of \(cost ?? 0) in cost is used up"
    case .seconds: "The budget of \(Self.number(seconds)) s is used up"
    case .stall: "Nothing came for \(Self.number(stall)) s, which the budget allows"
    }
  }

  private static func number(_ duration: Duration?) -> String {
    let value = (duration ?? .zero) / .seconds(1)
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }
}

internal import Signalbox

/// Holds a call to its budget: counts tokens and money as the reply comes, and has a task watch the time.
struct CallMeter {
  private let plan: CallPlan
  private let budget: Budget
  private let estimator: TokenEstimator
  /// Whether tokens or money are limited, so that they must be counted.
  private let isCounted: Bool
  private var input = TextMeasure()
  private var output = TextMeasure()
  /// Of the attempts that failed.
  private var spentTokens: Int64 = 0
  private var spentCost = 0.0
  private var watch: Task<Void, Never>?
  private let signs: Signs?

  /// When the call began to wait for the model; nil while it does not: a reader that takes its time is not the model's
  /// silence. Nanoseconds of the client's clock.
  private final class Signs: Sendable {
    let waitsSince = Locked<Int64?>(nil)
  }

  init(_ plan: CallPlan) {
    self.plan = plan
    let limits = plan.client.configuration.budget
    budget = plan.request.options.budget.map(limits.tightened) ?? limits
    estimator = TokenEstimator(provider: plan.client.provider.name)
    isCounted = budget.tokens != nil || budget.cost != nil
    signs = budget.stall == nil ? nil : Signs()
  }

  private var clock: any EventClock { plan.client.configuration.clock }

  // MARK: Time

  /// The call begins.
  mutating func begin(_ interrupt: CallInterrupt) {
    if isCounted { input.add(plan.request.text) }
    guard budget.seconds != nil || budget.stall != nil else { return }
    let (budget, clock, signs) = (budget, clock, signs)
    let began = clock.steady()
    // Weak: a call that is let go ends its watch.
    watch = Task.detached { [weak interrupt] in
      while !Task.isCancelled {
        let now = clock.steady()
        // While the call does not wait, its next wait begins now at the earliest.
        let lastSign = signs?.waitsSince.withLock { $0 } ?? now
        if let limit = budget.exceeded(
          elapsed: .nanoseconds(now - began), idle: .nanoseconds(now - lastSign))
        {
          interrupt?.fire(Self.error(limit, of: budget))
          return
        }
        guard let deadline = budget.deadline(lastSign: .nanoseconds(lastSign - began)) else { return }
        do { try await clock.sleep(for: deadline.at - .nanoseconds(now - began)) } catch { return }
      }
    }
  }

  func waits() {
    guard let signs else { return }
    let now = clock.steady()
    signs.waitsSince.withLock { $0 = now }
  }

  func waitsNoMore() { signs?.waitsSince.withLock { $0 = nil } }

  mutating func end() {
    watch?.cancel()
    watch = nil
  }

  // MARK: Tokens and money

  mutating func count(_ text: String) { if isCounted { output.add(text) } }

  /// The limit that the attempt under way has exceeded.
  func exceeded(_ attempt: CallAttempt) -> Budget.Limit? {
    guard isCounted else { return nil }
    let guess = estimator.usage(input: input, output: output)
    // Some say at the start what the question cost, and what the answer did only at its end.
    var usage = attempt.usage(isWhole: false) ?? guess
    usage.output = max(usage.output ?? 0, guess.output ?? 0)
    var cost: Double?
    if budget.cost != nil {
      cost =
        plan.client.configuration.prices.cost(
          of: usage, provider: plan.client.provider.name, model: plan.request.model,
          requested: plan.request.model, serviceTier: attempt.serviceTier
        ).amount
    }
    return budget.exceeded(tokens: spentTokens + usage.total, cost: cost.map { $0 + spentCost })
  }

  /// Another attempt follows.
  mutating func attemptEnded(usage: TokenUsage?, cost: Cost) {
    spentTokens += usage?.total ?? 0
    spentCost += cost.amount ?? 0
    output = TextMeasure()
  }

  func error(_ limit: Budget.Limit) -> LLMError { Self.error(limit, of: budget) }

  private static func error(_ limit: Budget.Limit, of budget: Budget) -> LLMError {
    var error = LLMError(.cancelled, budget.sentence(limit))
    error.budget = limit
    return error
  }
}

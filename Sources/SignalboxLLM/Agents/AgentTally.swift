internal import Signalbox

/// What a run has used so far.
struct AgentTally {
  var usage = AgentUsage()
  private var isPriced = false

  mutating func add(_ tokens: TokenUsage?, _ cost: Cost) {
    if let tokens { usage.tokens = usage.tokens?.adding(tokens) ?? tokens }
    usage.cost = isPriced ? usage.cost.adding(cost) : cost
    isPriced = true
  }
}

/// What one call of the model used, attempt by attempt: each is paid.
struct CallTally {
  private var attempts: [TokenUsage] = []

  mutating func take(_ event: StreamEvent) {
    if case .usage(let usage) = event { attempts.append(usage.usage) }
  }

  /// Adds it all up; `reply` is nil when the call failed.
  func add(to tally: inout AgentTally, reply: Reply?, client: LLMClient, model: String) {
    var attempts = attempts
    if let reply {
      if reply.usage != nil { attempts = attempts.dropLast() }
      tally.add(reply.usage, reply.cost)
    }
    for usage in attempts {
      let cost = client.configuration.prices.cost(of: usage, provider: client.provider.name, model: model)
      tally.add(usage, cost)
    }
  }
}

extension Cost {
  /// The sum; unknown where either is, or where they are in different currencies.
  fileprivate func adding(_ other: Cost) -> Cost {
    switch (self, other) {
    case (.known(var sum), .known(let more)):
      guard sum.currency == more.currency else {
        return .unknown(reason: "costs in \(sum.currency) and \(more.currency)")
      }
      sum.inputAmount += more.inputAmount
      sum.cachedReadAmount += more.cachedReadAmount
      sum.cacheWriteAmount += more.cacheWriteAmount
      sum.outputAmount += more.outputAmount
      sum.isEstimated = sum.isEstimated || more.isEstimated
      return .known(sum)
    case (.unknown, _): return self
    case (_, .unknown): return other
    }
  }
}

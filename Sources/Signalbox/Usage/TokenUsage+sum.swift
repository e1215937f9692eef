extension TokenUsage {
  /// The sum of both, as `add` makes it.
  package func adding(_ other: TokenUsage) -> TokenUsage {
    var sum = self
    sum.add(other)
    return sum
  }

  /// Adds the numbers of another call. Where they come from is then the weaker of the two; sums that would overflow
  /// stay at the largest number.
  package mutating func add(_ other: TokenUsage) {
    func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
      guard let a, let b else { return a ?? b }
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? .max : sum
    }
    input = sum(input, other.input)
    cachedRead = sum(cachedRead, other.cachedRead)
    cacheWrite = sum(cacheWrite, other.cacheWrite)
    cacheWrite1h = sum(cacheWrite1h, other.cacheWrite1h)
    output = sum(output, other.output)
    reasoning = sum(reasoning, other.reasoning)
    provenance = provenance.weaker(other.provenance)
  }
}

extension UsageProvenance {
  func weaker(_ other: UsageProvenance) -> UsageProvenance {
    switch (self, other) {
    case (.estimated(let a), .estimated(let b)): .estimated(confidence: min(a, b))
    case (.estimated, _), (.providerPartial, .providerFinal), (.providerPartial, .providerPartial): self
    default: other
    }
  }
}

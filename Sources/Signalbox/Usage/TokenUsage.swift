/// Where the numbers of tokens come from.
public enum UsageProvenance: Sendable, Hashable {
  /// The provider's last word.
  case providerFinal
  /// The provider's word so far: the stream broke.
  case providerPartial
  /// A guess; how sure it is, from 0 to 1.
  case estimated(confidence: Double)

  /// How sure an estimate is; nil where the provider counted.
  public var confidence: Double? {
    if case .estimated(let confidence) = self { confidence } else { nil }
  }
}

/// Tokens by class, and where the numbers come from. Absent numbers are unknown.
public struct TokenUsage: Sendable, Hashable {
  /// Input tokens neither read from nor written to a cache.
  public var input: Int64?
  /// Input tokens read from a cache.
  public var cachedRead: Int64?
  /// Input tokens written to a cache.
  public var cacheWrite: Int64?
  /// The part of `cacheWrite` that is kept for an hour, which costs more.
  public var cacheWrite1h: Int64?
  /// All tokens that were generated, reasoning among them.
  public var output: Int64?
  /// The part of `output` that was reasoning.
  public var reasoning: Int64?
  public var provenance: UsageProvenance

  public init(
    input: Int64? = nil, cachedRead: Int64? = nil, cacheWrite: Int64? = nil, cacheWrite1h: Int64? = nil,
    output: Int64? = nil, reasoning: Int64? = nil, provenance: UsageProvenance
  ) {
    self.input = input
    self.cachedRead = cachedRead
    self.cacheWrite = cacheWrite
    self.cacheWrite1h = cacheWrite1h
    self.output = output
    self.reasoning = reasoning
    self.provenance = provenance
  }

  /// All input, from caches or not: what OpenAI calls `prompt_tokens`.
  public var promptTokens: Int64 { (input ?? 0) + (cachedRead ?? 0) + (cacheWrite ?? 0) }
  /// What OpenAI calls `completion_tokens`.
  public var completionTokens: Int64 { output ?? 0 }
  /// All tokens that are known of.
  public var total: Int64 { promptTokens + completionTokens }

  /// The data of a usage event.
  public var json: JSONValue {
    var object = JSONObject()
    object["input"] = input.map { .int($0) }
    object["cached_read"] = cachedRead.map { .int($0) }
    object["cache_write"] = cacheWrite.map { .int($0) }
    object["cache_write_1h"] = cacheWrite1h.map { .int($0) }
    object["output"] = output.map { .int($0) }
    object["reasoning"] = reasoning.map { .int($0) }
    object["total"] = .int(total)
    switch provenance {
    case .providerFinal: object["provenance"] = "provider_final"
    case .providerPartial: object["provenance"] = "provider_partial"
    case .estimated(let confidence):
      object["provenance"] = "estimated"
      object["confidence"] = .double(confidence)
    }
    return .object(object)
  }
}

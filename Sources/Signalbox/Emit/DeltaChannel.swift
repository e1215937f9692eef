/// Which of a reply's texts a delta belongs to.
public enum DeltaChannel: String, Sendable, Hashable {
  case text, reasoning, refusal
  case toolArguments = "tool_arguments"
}

/// The tool call that a piece of arguments belongs to.
public struct ToolCall: Sendable, Hashable {
  /// Place among the calls of one reply.
  public var index: Int
  /// The provider's id of the call.
  public var id: String?
  public var name: String?

  public init(index: Int = 0, id: String? = nil, name: String? = nil) {
    self.index = index
    self.id = id
    self.name = name
  }

  var json: JSONValue {
    var object: JSONObject = ["index": .int(Int64(index))]
    object["id"] = id.map { .string($0) }
    object["name"] = name.map { .string($0) }
    return .object(object)
  }
}

/// Tokens by class, and where the numbers come from. Absent numbers are unknown.
public struct TokenUsage: Sendable, Hashable {
  public enum Provenance: Sendable, Hashable {
    /// The provider's last word.
    case providerFinal
    /// The provider's word so far: the stream broke.
    case providerPartial
    /// A guess; `confidence` from 0 to 1.
    case estimated(confidence: Double)
  }

  /// Input tokens neither read from nor written to a cache.
  public var input: Int64?
  public var cachedRead: Int64?
  public var cacheWrite: Int64?
  /// All tokens that were generated, reasoning among them.
  public var output: Int64?
  /// The part of `output` that was reasoning.
  public var reasoning: Int64?
  public var provenance: Provenance

  public init(
    input: Int64? = nil, cachedRead: Int64? = nil, cacheWrite: Int64? = nil, output: Int64? = nil,
    reasoning: Int64? = nil, provenance: Provenance
  ) {
    self.input = input
    self.cachedRead = cachedRead
    self.cacheWrite = cacheWrite
    self.output = output
    self.reasoning = reasoning
    self.provenance = provenance
  }

  /// Input of all kinds plus output; `nil` when either is unknown.
  public var total: Int64? {
    guard let input, let output else { return nil }
    return input + (cachedRead ?? 0) + (cacheWrite ?? 0) + output
  }

  /// The data of a usage event.
  public var json: JSONValue {
    var object = JSONObject()
    object["input"] = input.map { .int($0) }
    object["cached_read"] = cachedRead.map { .int($0) }
    object["cache_write"] = cacheWrite.map { .int($0) }
    object["output"] = output.map { .int($0) }
    object["reasoning"] = reasoning.map { .int($0) }
    object["total"] = total.map { .int($0) }
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
